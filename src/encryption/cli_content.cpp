#include <limits>
#include <ostream>

#include "encryption/cli.h"
#include "encryption/cli_installation.h"
#include "encryption/inspect.h"

namespace hf::encryption {
namespace {

constexpr std::size_t kShortDigest = 12;
const cli::Option kJson{"json", "", "Print JSON"};

std::vector<std::string_view> form_names() {
  std::vector<std::string_view> names;
  for (const auto& form : forms()) names.push_back(form.name);
  return names;
}

JsonObject json_of(const ContentKey& key) {
  return {{"artifact", key.artifact_name},
          {"artifact_sha256", key.artifact_sha256},
          {"product", key.product},
          {"version", key.version},
          {"bits", key.bits},
          {"origin", key.origin},
          {"key", key.key},
          {"creator", key.creator},
          {"created_at", format_rfc3339(key.created_at)},
          {"entry", key.entry}};
}
JsonObject json_of(const Use& use) {
  return {{"form", use.form},
          {"file", use.file_name},
          {"file_sha256", use.file_sha256},
          {"person", use.person},
          {"wrapped_at", format_rfc3339(use.wrapped_at)},
          {"recipients", JsonArray(use.recipients.begin(), use.recipients.end())}};
}
JsonObject json_of(const Exposure& one) {
  return {{"product", one.product},
          {"version", one.version},
          {"artifact", one.artifact_name},
          {"artifact_sha256", one.artifact_sha256},
          {"form", one.form},
          {"file", one.file_name},
          {"file_sha256", one.file_sha256},
          {"wrapped_at", format_rfc3339(one.wrapped_at)}};
}

Result<cli::Exit> content_key(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  NewContentKey wanted{.key = std::string(*args.option("key")),
                       .product = std::string(*args.option("product")),
                       .version = std::string(*args.option("version")),
                       .artifact = std::string(args.positional(0))};
  wanted.bits = args.option("bits").value_or("256") == "128" ? 128 : 256;
  HF_TRY(const auto key, open.service->make_content_key(wanted, open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << key.artifact_sha256 << "\n";
  terminal.err << key.artifact_name << " of " << key.product << " " << key.version << " has a content key of "
               << key.bits << " bits, wrapped under " << key.key
               << (key.origin == "bundle"
                       ? "; it is the one that RAUC put into the bundle: delete the bundle that shows it"
                         " once it is encrypted\n"
                       : "\n");
  return cli::kOk;
}

Result<cli::Exit> run(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  const auto recipients = args.all("recipient");
  const EncryptOrder order{.artifact = std::string(args.positional(0)),
                           .out = std::string(*args.option("out")),
                           .form = std::string(*args.option("form")),
                           .group = std::string(args.option("group").value_or("")),
                           .recipients = {recipients.begin(), recipients.end()}};
  HF_TRY(const auto done, open.service->encrypt(order, open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << order.out.string() << "\n";
  if (!done.beside.empty()) terminal.out << done.beside.string() << "\n";
  terminal.err << done.use.file_name << " is for " << done.use.recipients.size()
               << (done.use.recipients.size() == 1 ? " recipient\n" : " recipients\n");
  return cli::kOk;
}

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Register found(instance->database());
  if (!args.positional(0).empty()) {
    HF_TRY(const auto sight, found.content_key(args.positional(0)));
    auto json = json_of(sight.key);
    JsonArray uses;
    for (const auto& use : sight.uses) uses.push_back(json_of(use));
    json["files"] = std::move(uses);
    terminal.out << to_pretty_text(json) << "\n";
    return cli::kOk;
  }
  HF_TRY(const auto limit, args.integer("limit", 100, 1, 10'000));
  HF_TRY(const auto all, found.content_keys(std::numeric_limits<std::int64_t>::max(), limit));
  std::vector<std::vector<std::string>> rows;
  for (const auto& key : all) {
    if (args.flag("json")) terminal.out << to_text(json_of(key)) << "\n";
    rows.push_back({key.artifact_sha256.substr(0, kShortDigest), key.product, key.version, key.artifact_name,
                    std::to_string(key.bits), key.key, format_rfc3339(key.created_at)});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "there is no content key; 'holdfast encrypt content-key' makes one\n"
                                  : cli::table(std::vector<std::string>{"artifact", "product", "version", "file",
                                                                        "bits", "key", "created_at"},
                                               rows));
  return cli::kOk;
}

// A name, a fingerprint, or the file of the key that was found somewhere.
Result<std::string> recipient_named(std::string_view argument) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::string(argument), error)) return std::string(argument);
  constexpr std::size_t kKeyFileMax = 64U << 10;
  HF_TRY(const auto file, keys::SourceFile::open(std::string(argument)));
  HF_TRY(const auto bytes, file.read_all(kKeyFileMax));
  HF_TRY(const auto key, crypto::recipient_key_of(bytes));
  return to_hex(key.fingerprint());
}

Result<cli::Exit> exposed_to(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Register found(instance->database());
  HF_TRY(const auto name, recipient_named(args.positional(0)));
  HF_TRY(const auto recipient, found.recipient(name));
  HF_TRY(const auto all, found.exposed_to(name));
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : all) {
    if (args.flag("json")) terminal.out << to_text(json_of(one)) << "\n";
    rows.push_back({one.product, one.version, one.form, one.file_name, one.file_sha256.substr(0, kShortDigest),
                    format_rfc3339(one.wrapped_at)});
  }
  if (!args.flag("json")) {
    terminal.out << "the key of " << recipient.name << ", group " << recipient.group << ", "
                 << (recipient.revocation ? "revoked " + format_rfc3339(recipient.revocation->revoked_at)
                                          : std::string("not revoked"))
                 << ", opens " << (rows.empty() ? "nothing\n" : std::to_string(rows.size()) + ":\n");
    if (!rows.empty())
      terminal.out << cli::table(std::vector<std::string>{"product", "version", "form", "file", "sha256", "wrapped_at"},
                                 rows);
  }
  return cli::kOk;
}

Result<cli::Exit> inspect_file(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto file, keys::SourceFile::open(std::string(args.positional(0))));
  HF_TRY(const auto seen, inspect(file));
  if (args.flag("json")) {
    terminal.out << to_pretty_text(to_json(seen)) << "\n";
    return cli::kOk;
  }
  terminal.out << seen.form << ", " << seen.cipher << "\n";
  for (const auto& part : seen.parts) terminal.out << "encrypted: " << part << "\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : seen.recipients)
    rows.push_back({one.how, !one.fingerprint.empty() ? "key " + one.fingerprint
                             : !one.issuer.empty()    ? one.issuer + ", serial number " + one.serial
                             : !one.key_id.empty()    ? "key identifier " + one.key_id
                                                      : "not named"});
  if (!rows.empty()) terminal.out << cli::table(std::vector<std::string>{"key by", "for"}, rows);
  if (!seen.note.empty()) terminal.out << seen.note << "\n";
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> content_commands() {
  static const std::vector<cli::Command> table{
      {{"encrypt content-key",
        "Make the content key of a release's artifact",
        "Once for each artifact, which is named by its SHA-256 (printed). The key is random, and kept wrapped under "
        "an\n"
        "encryption key of the token, never in the clear. Of a RAUC bundle of the format crypt it is the key that\n"
        "'rauc bundle' made. Which file to give goes by the form (see 'holdfast encrypt run').",
        {{"FILE", "The artifact that is encrypted later"}},
        {instance::kDataOption,
         {.name = "key", .value = "KEY", .help = "The encryption key", .required = true},
         {.name = "product", .value = "NAME", .help = "Whose release it is", .required = true},
         {.name = "version", .value = "VERSION", .help = "Of the release", .required = true},
         {.name = "bits", .value = "BITS", .help = "128 or 256 (default)", .choices = {"128", "256"}}},
        {"holdfast encrypt content-key app.signed.bin --key px-ota --product px-one --version 1.2.3 --bits 128"}},
       content_key},
      {{"encrypt run",
        "Encrypt an artifact for a group, or for named recipients",
        "With the content key that was made for this very file. By form:\n"
        "  mcuboot  FILE is signed, with the flag of an encrypted image ('holdfast sign request app.bin --option\n"
        "           encrypted=128'); one recipient, as the boot loader reads one key\n"
        "  swu      FILE is not signed yet: payloads and sw-description change, so sign OUT afterwards. OUT.key.cms "
        "is\n"
        "           the key file of 'swupdate -K' for the recipients: openssl cms -decrypt -inform DER\n"
        "  rauc     FILE is a signed bundle of the format crypt; OUT is what 'rauc encrypt' makes\n"
        "  cose     any FILE; AES-GCM, and OUT.cose is a COSE_Encrypt with ECDH-ES and AES key wrap\n"
        "  suit     the same, OUT.cose as encryption info of a SUIT manifest\n"
        "Whom the key was wrapped for is on the ledger before OUT is there.",
        {{"FILE", "The artifact"}},
        {instance::kDataOption,
         {.name = "form", .value = "FORM", .help = "Of the output", .required = true, .choices = form_names()},
         {.name = "out", .value = "OUT", .help = "The encrypted file", .required = true},
         {"group", "GROUP", "Every recipient of the group that is not revoked"},
         {.name = "recipient", .value = "NAME", .help = "A recipient by name", .repeatable = true}},
        {"holdfast encrypt run app.signed.bin --form mcuboot --recipient px-field-2026 --out app.enc.bin",
         "holdfast encrypt run update.raucb --form rauc --group px-lab --out update.enc.raucb"}},
       run},
      {{"encrypt show",
        "Show content keys: of which release, under which key, wrapped for whom",
        "",
        {{.name = "ARTIFACT", .help = "SHA-256 of the artifact, or its first 8 digits or more", .required = false}},
        {instance::kDataOption, {"limit", "N", "At most so many, newest first (default 100)"}, kJson},
        {"holdfast encrypt show", "holdfast encrypt show 4f1c2a90"}},
       show},
      {{"encrypt exposed-to",
        "List the releases that a key could open",
        "What a compromised device or group key gives away: every file that was ever encrypted for it.",
        {{"KEY", "Recipient, fingerprint, or a file with the public key or certificate"}},
        {instance::kDataOption, kJson},
        {"holdfast encrypt exposed-to px-000017", "holdfast encrypt exposed-to found.pub.pem --json"}},
       exposed_to},
      {{"encrypt inspect",
        "Show whom an encrypted file is for",
        "From the file alone, of any of the forms: an MCUboot image, a SWUpdate image or its key file's envelope, a "
        "RAUC\n"
        "bundle, a COSE_Encrypt. Needs no installation and no key.",
        {{"FILE", "The encrypted file"}},
        {kJson},
        {"holdfast encrypt inspect app.enc.bin --json"}},
       inspect_file},
  };
  return table;
}

}  // namespace hf::encryption
