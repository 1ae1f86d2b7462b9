#include "keys/signer/tokens.h"

#include "crypto/private_file.h"
#include "keys/json_fields.h"

namespace hf::keys {
namespace {

constexpr std::size_t kFileMax = 64U << 10;
constexpr std::size_t kPathMax = 4096;

std::filesystem::path file_of(const crypto::TokenConfig& own) { return own.record_file.parent_path() / "signer.json"; }

}  // namespace

Result<std::vector<crypto::TokenConfig>> signing_tokens(const crypto::TokenConfig& own) {
  const auto file = file_of(own);
  if (!std::filesystem::exists(file)) return std::vector{own};
  HF_TRY(const auto text, crypto::read_private_file(file, kFileMax));
  const auto json = parse_json(text.text());
  std::vector<Fault> faults;
  std::vector<crypto::TokenConfig> tokens;
  if (json) {
    Fields in(*json, "", faults);
    in.each("tokens", kTokensMax, [&](Fields& item) {
      crypto::TokenConfig token{.module_path = item.text("module", kPathMax),
                                .token_label = item.text("label"),
                                .pin_file = item.text("pin_file", kPathMax),
                                .record_file = {}};
      // Where its lock is: a token that no keys.json of ours records.
      token.record_file = own.record_file.parent_path() / ("signer-" + std::to_string(tokens.size()) + ".json");
      tokens.push_back(std::move(token));
    });
    in.close();
  }
  if (!json || !faults.empty() || tokens.empty())
    return fail(ErrorKind::invalid, "HF-SIGNER-0014",
                file.string() + " cannot be read: " +
                    (!json            ? json.error().message
                     : faults.empty() ? std::string("it names no token")
                                      : faults[0].pointer + " " + faults[0].what));
  return tokens;
}

Result<void> keep_signing_tokens(const crypto::TokenConfig& own, const std::vector<crypto::TokenConfig>& tokens) {
  if (tokens.size() > kTokensMax)
    return fail(ErrorKind::limit, "HF-SIGNER-0014", "a group has at most " + std::to_string(kTokensMax) + " tokens");
  if (tokens.empty()) {
    std::error_code ignored;
    std::filesystem::remove(file_of(own), ignored);
    return {};
  }
  JsonArray list;
  for (const auto& token : tokens)
    list.push_back(
        JsonObject{{"module", token.module_path}, {"label", token.token_label}, {"pin_file", token.pin_file.string()}});
  return crypto::write_private_file(file_of(own), bytes_of(to_pretty_text(JsonObject{{"tokens", std::move(list)}})));
}

}  // namespace hf::keys
