#include "encryption/cli.h"

#include <ostream>

#include "encryption/cli_installation.h"

namespace hf::encryption {
namespace {

constexpr std::size_t kKeyFileMax = 64U << 10;
const cli::Positional kRecipientName{"NAME", "Of the recipient: a device, or a group whose devices share a key"};
const cli::Option kJson{"json", "", "Print one JSON object a line"};

JsonObject json_of(const Recipient& recipient) {
  JsonObject json{{"name", recipient.name},
                  {"group", recipient.group},
                  {"algorithm", name_of(recipient.key.algorithm)},
                  {"fingerprint", recipient.fingerprint},
                  {"certificate", !recipient.key.certificate.empty()},
                  {"added_at", format_rfc3339(recipient.added_at)},
                  {"revoked_at", nullptr}};
  if (recipient.revocation) {
    json["revoked_at"] = format_rfc3339(recipient.revocation->revoked_at);
    json["reason"] = recipient.revocation->reason;
  }
  return json;
}

Result<cli::Exit> create_key(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto key,
         open.service->create_key(args.positional(0), args.option("environment").value_or("production"), open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << "encryption key " << key.name << " (" << key.environment << ") is in the token, fingerprint "
               << to_hex(key.kek.fingerprint) << "\nnobody may use it yet: 'holdfast encrypt permit " << key.name
               << " PERSON --group GROUP'\n";
  return cli::kOk;
}

Result<cli::Exit> permit(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  const Permit wanted{.person = std::string(args.positional(1)),
                      .group = std::string(*args.option("group")),
                      .allowed = !args.flag("end"),
                      .decided_at = {}};
  HF_CHECK(open.service->permit(args.positional(0), wanted, open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << wanted.person << (wanted.allowed ? " may" : " may not") << " wrap content keys of "
               << args.positional(0) << " for "
               << (wanted.group == "*" ? std::string("any group") : "the group " + wanted.group) << "\n";
  return cli::kOk;
}

Result<cli::Exit> add_recipient(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto file, keys::SourceFile::open(std::string(*args.option("key"))));
  HF_TRY(const auto bytes, file.read_all(kKeyFileMax));
  HF_TRY(auto key, crypto::recipient_key_of(bytes));
  HF_TRY(const auto recipient,
         open.service->add_recipient(args.positional(0), *args.option("group"), std::move(key), open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << recipient.name << " is a recipient of the group " << recipient.group << ": "
               << name_of(recipient.key.algorithm)
               << (recipient.key.certificate.empty() ? " key " : " certificate, key ") << recipient.fingerprint << "\n";
  return cli::kOk;
}

Result<cli::Exit> revoke_recipient(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto recipient, open.service->revoke_recipient(args.positional(0), *args.option("reason"), open.actor));
  HF_CHECK(open.instance->log().advance());
  HF_TRY(const auto exposed, open.service->exposed_to(recipient.name));
  terminal.out << recipient.name << " is revoked: nothing is wrapped for its key any more\n";
  if (!exposed.empty())
    terminal.out << exposed.size() << (exposed.size() == 1 ? " file that exists opens" : " files that exist open")
                 << " with it for good: 'holdfast encrypt exposed-to " << recipient.name << "'\n";
  return cli::kOk;
}

Result<cli::Exit> recipients(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Register found(instance->database());
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const Recipient& one) {
    if (args.flag("json")) terminal.out << to_text(json_of(one)) << "\n";
    rows.push_back({one.group, one.name, std::string(name_of(one.key.algorithm)),
                    one.key.certificate.empty() ? "key" : "certificate", one.fingerprint.substr(0, 16),
                    one.revocation ? "revoked: " + one.revocation->reason : "active"});
  };
  if (const auto group = args.option("group")) {
    HF_TRY(const auto all, found.recipients(*group));
    for (const auto& one : all) add(one);
  } else {
    constexpr std::int64_t kPage = 1000;
    Recipient last;
    for (bool more = true; more;) {
      HF_TRY(auto page, found.recipients_after(last.group, last.name, kPage));
      for (const auto& one : page) add(one);
      more = std::int64_t(page.size()) == kPage;
      if (more) last = std::move(page.back());
    }
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "there is no such recipient\n"
                                  : cli::table(std::vector<std::string>{"group", "name", "algorithm", "known by",
                                                                        "fingerprint", "state"},
                                               rows));
  return cli::kOk;
}

Result<cli::Exit> list_keys(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Register found(instance->database());
  HF_TRY(const auto all, found.keys());
  std::vector<std::vector<std::string>> rows;
  for (const auto& key : all) {
    HF_TRY(const auto permits, found.permits(key.name));
    JsonArray said;
    std::string last;
    for (const auto& one : permits) {
      said.push_back(JsonObject{{"person", one.person},
                                {"group", one.group},
                                {"allowed", one.allowed},
                                {"decided_at", format_rfc3339(one.decided_at)}});
      last += (last.empty() ? "" : ", ") + one.person + (one.allowed ? " for " : " no more for ") + one.group;
    }
    if (args.flag("json"))
      terminal.out << to_text(JsonObject{{"name", key.name},
                                         {"class", "encryption"},
                                         {"environment", key.environment},
                                         {"fingerprint", to_hex(key.kek.fingerprint)},
                                         {"token_id", to_hex(key.kek.id)},
                                         {"created_at", format_rfc3339(key.created_at)},
                                         {"permits", std::move(said)},
                                         {"entry", key.entry}})
                   << "\n";
    rows.push_back({key.name, key.environment, to_hex(key.kek.fingerprint).substr(0, 16), last});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty()
                         ? "there is no encryption key; 'holdfast encrypt create-key' makes one\n"
                         : cli::table(std::vector<std::string>{"name", "environment", "fingerprint", "permits"}, rows));
  return cli::kOk;
}

}  // namespace

Result<Installation> open_installation(const cli::Args& args) {
  Installation open;
  HF_TRY(open.instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(open.token, crypto::open_kek_store(open.instance->token()));
  open.service = std::make_unique<Service>(open.instance->database(), open.instance->clock(), *open.token);
  open.actor = instance::cli_actor();
  return open;
}

std::span<const cli::Command> register_commands() {
  static const std::vector<cli::Command> table{
      {{"encrypt create-key",
        "Make a key of class \"encryption\" in the token",
        "An AES-256 key that never leaves the token. Content keys of releases are kept wrapped under it, and nothing\n"
        "else is: it signs nothing and encrypts no file. Nobody may use it until 'holdfast encrypt permit' says so.",
        {{"KEY", "Its name"}},
        {instance::kDataOption,
         {.name = "environment",
          .value = "ENV",
          .help = "production (default) or test",
          .choices = {"production", "test"}}},
        {"holdfast encrypt create-key px-ota"}},
       create_key},
      {{"encrypt permit",
        "Say who may wrap content keys for whom",
        "PERSON as the ledger names who acts: 'cli:ci' is the account ci on this machine. The newest word on a person\n"
        "and a group holds; of a group that was not named, the word on '*' does. Each word is on the ledger.",
        {{"KEY", "The encryption key"}, {"PERSON", "Who may, or may no more"}},
        {instance::kDataOption,
         {.name = "group", .value = "GROUP", .help = "Of recipients; '*' for any", .required = true},
         {"end", "", "From now on PERSON may not"}},
        {"holdfast encrypt permit px-ota cli:ci --group px-field",
         "holdfast encrypt permit px-ota cli:ci --group px-field --end"}},
       permit},
      {{"encrypt keys", "List encryption keys, and who may use them", "", {}, {instance::kDataOption, kJson}, {}},
       list_keys},
      {{"encrypt add-recipient",
        "Register a public key that content keys are wrapped for",
        "P-256, X25519 or RSA, as a public key or a certificate; a file with a private key is refused. RAUC and "
        "SWUpdate\n"
        "find their recipient by its certificate, so give that for them.",
        {kRecipientName},
        {instance::kDataOption,
         {.name = "group", .value = "GROUP", .help = "Whom it belongs to: one group each", .required = true},
         {.name = "key", .value = "FILE", .help = "Public key or certificate, PEM or DER", .required = true}},
        {"holdfast encrypt add-recipient px-field-2026 --group px-field --key field.pub.pem",
         "holdfast encrypt add-recipient px-000017 --group px-lab --key px-000017.crt"}},
       add_recipient},
      {{"encrypt revoke-recipient",
        "Wrap nothing for a key any more",
        "What was wrapped for it stays open to who has the private key: 'holdfast encrypt exposed-to' lists it.",
        {{"NAME", "Of the recipient, or its key's fingerprint"}},
        {instance::kDataOption, {.name = "reason", .value = "TEXT", .help = "For the ledger", .required = true}},
        {"holdfast encrypt revoke-recipient px-000017 --reason 'flash was read out in the lab'"}},
       revoke_recipient},
      {{"encrypt recipients",
        "List recipients by group",
        "",
        {},
        {instance::kDataOption, {"group", "GROUP", "Only these"}, kJson},
        {"holdfast encrypt recipients --group px-field"}},
       recipients},
  };
  return table;
}

}  // namespace hf::encryption
