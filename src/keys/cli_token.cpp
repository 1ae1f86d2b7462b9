#include <fstream>
#include <ostream>

#include "crypto/token.h"
#include "instance/instance.h"
#include "keys/cli.h"
#include "keys/cli_installation.h"
#include "keys/signer/tokens.h"

namespace hf::keys {
namespace {

const cli::Positional kLabel{"LABEL", "The token's CKA label, as its tools show it"};

void print(cli::Terminal& terminal, const std::vector<crypto::TokenConfig>& tokens) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& token : tokens)
    rows.push_back({std::to_string(rows.size() + 1), token.token_label, token.module_path, token.pin_file.string()});
  terminal.out << cli::table(std::vector<std::string>{"order", "label", "module", "pin_file"}, rows);
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto tokens, signing_tokens(instance->token()));
  print(terminal, tokens);
  return cli::kOk;
}

Result<cli::Exit> use(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  const auto& own = instance->token();
  HF_TRY(auto tokens, signing_tokens(own));
  if (tokens.size() == 1 && tokens[0].record_file == own.record_file) tokens.clear();
  crypto::TokenConfig wanted{.module_path = std::string(*args.option("module")),
                             .token_label = std::string(args.positional(0)),
                             .pin_file = std::filesystem::absolute(std::string(*args.option("pin-file"))),
                             .record_file = own.record_file.parent_path() / "signer-new.json"};
  for (const auto& token : tokens)
    if (token.token_label == wanted.token_label && token.module_path == wanted.module_path)
      return fail(ErrorKind::conflict, "HF-SIGNER-0014", "the token " + wanted.token_label + " signs already");
  HF_TRY(const auto token, crypto::open_token(wanted));  // it is there, and the PIN is right
  HF_TRY(const auto info, token->info());
  HF_TRY(const auto contents, token->contents());
  tokens.push_back(std::move(wanted));
  HF_CHECK(keep_signing_tokens(own, tokens));
  terminal.out << info.manufacturer << " " << info.model << ", serial " << info.serial << ", " << contents.keys.size()
               << " key pairs\n\n";
  print(terminal, tokens);
  return cli::kOk;
}

Result<cli::Exit> drop(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  const auto& own = instance->token();
  HF_TRY(auto tokens, signing_tokens(own));
  const auto dropped =
      std::erase_if(tokens, [&](const auto& token) { return token.token_label == args.positional(0); });
  if (dropped == 0 || (!tokens.empty() && tokens[0].record_file == own.record_file))
    return fail(
        ErrorKind::not_found, "HF-SIGNER-0014",
        "no token '" + std::string(args.positional(0)) + "' was named to sign; 'holdfast key tokens' lists them");
  HF_CHECK(keep_signing_tokens(own, tokens));
  HF_TRY(const auto left, signing_tokens(own));
  print(terminal, left);
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> token_commands() {
  static const std::vector<cli::Command> table{
      {{"key tokens",
        "List the tokens that sign, in the order in which they are tried",
        "",
        {},
        {instance::kDataOption},
        {"holdfast key tokens"}},
       list},
      {{"key use-token",
        "Have an HSM sign, through its PKCS #11 library",
        "Keys are then made there and not on the installation's soft token, which keeps the ledger's. Several tokens "
        "are a "
        "failover\n"
        "group: the first that works signs, and none with another key under the same CKA_ID. Keys are made on the "
        "first; "
        "how they\n"
        "get to the others is the vendor's (cloning, wrapping), and 'holdfast key discover' tells whether they are "
        "there.",
        {kLabel},
        {instance::kDataOption,
         {"module", "FILE", "The vendor's PKCS #11 library", true},
         {"pin-file", "FILE", "Holds the user PIN and nothing else, mode 0600 or 0400", true}},
        {"holdfast key use-token hsm-1 --module /usr/lib/libvendor.so --pin-file /etc/holdfast/hsm.pin"}},
       use},
      {{"key drop-token",
        "Have a token sign no more",
        "When the last is gone the installation's own token signs again.",
        {kLabel},
        {instance::kDataOption},
        {"holdfast key drop-token hsm-1"}},
       drop},
  };
  return table;
}

}  // namespace hf::keys
