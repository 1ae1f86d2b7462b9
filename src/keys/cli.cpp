#include "keys/cli.h"

#include <charconv>
#include <ostream>

#include "keys/cbom.h"
#include "keys/cli_installation.h"
#include "keys/formats/minisign.h"
#include "keys/rotation.h"
#include "keys/signer/wire.h"
#include "silicon/catalogue.h"

namespace hf::keys {
namespace {

constexpr cli::Option kJson{"json", "", "Print JSON"};
const cli::Positional kName{"NAME", "The key's name"};

Result<cli::Exit> create(const cli::Args& args, cli::Terminal& terminal) {
  const auto algorithm = crypto::key_algorithm_of(args.option("algorithm").value_or("ecdsa-p256"));
  if (!algorithm)
    return fail(ErrorKind::invalid, "HF-CLI-0003",
                "there is no such algorithm; 'holdfast key create --help' names them");
  const std::vector<KeyVersion> stand_in{
      {.version = 1, .algorithm = *algorithm, .id = {0}, .fingerprint = {}, .state = VersionState::active}};
  HF_TRY(const auto charter, charter_from_file(*args.option("charter"), args.positional(0), stand_in, nullptr));
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto key, open.service->create_key({charter, *algorithm}, open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << "key          " << key.name << "\nalgorithm    " << crypto::name_of(*algorithm) << "\nfingerprint  "
               << to_hex(key.charter.versions[0].fingerprint) << "\ncharter      " << key.charter_digest
               << "\nentry        " << key.entry << "\n";
  return cli::kOk;
}

JsonObject json_of(const StoredKey& key) {
  return {{"name", key.name},
          {"class", key.key_class},
          {"environment", key.environment},
          {"created_at", format_rfc3339(key.created_at)},
          {"signatures", key.signatures},
          {"charter_sha256", key.charter_digest},
          {"charter", to_json(key.charter)},
          {"entry", key.entry}};
}

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  std::vector<StoredSignature> signatures;
  std::optional<KeyVersion> prepared;
  HF_TRY(const auto key, instance->database().read([&](const db::Reader& reader) -> Result<StoredKey> {
    const Store store(reader);
    HF_TRY(const auto found, store.counted_key(args.positional(0)));
    if (!found) return fail(no_key(args.positional(0)));
    HF_TRY(signatures, store.signatures(found->id, std::numeric_limits<std::int64_t>::max(), 20));
    HF_TRY(prepared, prepared_version(reader, *found));
    return *found;
  }));
  if (args.flag("json")) {
    auto json = json_of(key);
    json["prepared"] = prepared ? Json(JsonObject{{"version", prepared->version},
                                                  {"algorithm", crypto::name_of(prepared->algorithm)},
                                                  {"fingerprint", to_hex(prepared->fingerprint)}})
                                : Json(nullptr);
    JsonArray uses;
    for (const auto& one : signatures)
      uses.push_back(JsonObject{{"request", one.request},
                                {"version", one.version},
                                {"product", one.product},
                                {"format", one.format},
                                {"artifact", one.artifact_name},
                                {"artifact_sha256", one.artifact_sha256},
                                {"requester", one.requester},
                                {"signed_at", format_rfc3339(one.signed_at)},
                                {"entry", one.entry}});
    json["newest_signatures"] = std::move(uses);
    terminal.out << to_text(json) << "\n";
    return cli::kOk;
  }
  const auto& charter = key.charter;
  terminal.out << "key " << key.name << ", " << key.key_class << ", " << key.environment << ": " << key.signatures
               << " signatures\n"
               << "owner " << charter.owner << ", deputy " << charter.deputy << "; charter " << charter.sequence << " "
               << key.charter_digest.substr(0, 16) << "\n\n";
  std::vector<std::vector<std::string>> rows;
  auto versions = charter.versions;
  if (prepared) versions.push_back(*prepared);
  for (const auto& version : versions)
    rows.push_back({std::to_string(version.version), std::string(crypto::name_of(version.algorithm)),
                    std::string(name_of(version.state)), to_hex(version.fingerprint)});
  terminal.out << cli::table(std::vector<std::string>{"version", "algorithm", "state", "fingerprint"}, rows)
               << "\nWho must agree\n";
  rows.clear();
  for (const auto& step : charter.approval.steps)
    rows.push_back({step.name, std::to_string(step.needed), joined(step.roles)});
  terminal.out << cli::table(std::vector<std::string>{"step", "people", "of role"}, rows) << "\nApprovers\n";
  rows.clear();
  for (const auto& approver : charter.approvers)
    rows.push_back({approver.person, approver.name, joined(approver.roles),
                    approver.kind == CredentialKind::key ? "key" : "webauthn"});
  terminal.out << cli::table(std::vector<std::string>{"person", "name", "roles", "by"}, rows);
  if (signatures.empty()) return cli::kOk;
  rows.clear();
  for (const auto& one : signatures)
    rows.push_back({format_rfc3339(one.signed_at), one.product, one.format, one.artifact_name, one.requester,
                    one.request.substr(0, 12), std::to_string(one.entry)});
  terminal.out << "\nNewest signatures\n"
               << cli::table(std::vector<std::string>{"signed_at", "product", "format", "artifact", "requester",
                                                      "request", "entry"},
                             rows);
  return cli::kOk;
}

Result<cli::Exit> freeze(const cli::Args& args, cli::Terminal& terminal) {
  NewIncident incident{.key = std::string(args.positional(0)), .reason = std::string(*args.option("reason"))};
  if (const auto since = args.option("since")) {
    HF_TRY(incident.effective_at, parse_rfc3339(*since));
  }
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto made, open.service->freeze(incident, open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << "frozen       " << incident.key << "\nsuspect      since " << format_rfc3339(made.effective_at)
               << "\nentry        " << made.entry
               << "\n\nIt signs nothing until its approvers agree to another charter ('holdfast key change').\n"
               << "What depends on it: holdfast trace key " << incident.key << "\n";
  return cli::kOk;
}

Result<cli::Exit> trust(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto version, args.integer("version", 1, 1, 1'000'000));
  HF_TRY(const auto slots, args.integer("slots", 0, 0, 1'000));
  const NewAnchor anchor{.key = std::string(args.positional(0)),
                         .version = int(version),
                         .hardware_revision = std::string(*args.option("hardware-revision")),
                         .fused = args.flag("fused"),
                         .slots = slots,
                         .platform = std::string(args.option("platform").value_or(""))};
  const auto* platform = silicon::catalogue().find(anchor.platform);
  if (!anchor.platform.empty() && !platform)
    return fail(ErrorKind::not_found, "HF-SILICON-0002",
                "the catalogue has no platform '" + anchor.platform + "'; 'holdfast silicon list' names them");
  HF_TRY(const auto open, open_installation(args));
  HF_CHECK(open.service->anchor(anchor, open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << anchor.hardware_revision << " trusts version " << anchor.version << " of " << anchor.key
               << (anchor.fused ? ", burned in\n" : ", replaceable by an update\n");
  if (platform)
    terminal.out << anchor.platform << " has "
                 << (platform->root_keys.slots ? std::to_string(*platform->root_keys.slots) : "an unknown number of")
                 << " slots, as the silicon catalogue of " << silicon::catalogue().generated() << " says\n";
  return cli::kOk;
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  std::vector<std::vector<std::string>> rows;
  HF_CHECK(instance->database().read([&](const db::Reader& reader) -> Result<void> {
    const Store store(reader);
    HF_TRY(const auto names, store.key_names());
    for (const auto& name : names) {
      HF_TRY(const auto key, store.counted_key(name));
      if (args.flag("json")) terminal.out << to_text(json_of(*key)) << "\n";
      rows.push_back({key->name, key->key_class, key->environment, key->charter.owner, key->charter.deputy,
                      std::to_string(key->signatures)});
    }
    return {};
  }));
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "there is no key yet; 'holdfast key create' makes one\n"
                                  : cli::table(std::vector<std::string>{"key", "class", "environment", "owner",
                                                                        "deputy", "signatures"},
                                               rows));
  return cli::kOk;
}

Result<cli::Exit> cbom(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  std::vector<CbomKey> keys;
  HF_CHECK(instance->database().read([&](const db::Reader& reader) -> Result<void> {
    const Store store(reader);
    HF_TRY(const auto names, store.key_names());
    for (const auto& name : names) {
      HF_TRY(auto key, store.key(name));
      HF_TRY(auto versions, store.versions(key->id));
      keys.push_back({*std::move(key), std::move(versions)});
    }
    return {};
  }));
  const auto holder = "PKCS#11 token '" + instance->token().token_label + "'";
  terminal.out << to_pretty_text(cbom_of(keys, holder, instance->clock().now())) << "\n";
  return cli::kOk;
}

Result<cli::Exit> public_key(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto wanted, args.integer("version", 0, 1, 1'000'000));
  return instance->database().read([&](const db::Reader& reader) -> Result<cli::Exit> {
    const Store store(reader);
    HF_TRY(const auto key, store.key(args.positional(0)));
    if (!key) return fail(no_key(args.positional(0)));
    std::int64_t number = wanted;
    for (const auto& version : key->charter.versions)
      if (wanted == 0 && version.state == VersionState::active) number = version.version;
    HF_TRY(const auto version, store.version(key->id, number));
    if (!version) return fail(ErrorKind::not_found, "HF-KEYS-0011", "the key has no version " + std::to_string(number));
    HF_TRY(const auto spki, crypto::public_key_of_spki(from_hex(version->spki).value_or(Bytes())));
    const bool minisign = args.flag("minisign");
    if (minisign && spki.algorithm != crypto::KeyAlgorithm::ed25519)
      return fail(ErrorKind::invalid, "HF-CLI-0003", "minisign knows no keys but those of ed25519");
    terminal.out << (minisign ? minisign_public_key(spki) : crypto::to_pem(spki));
    return cli::kOk;
  });
}

Result<cli::Exit> charter(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto in_force, open.signer->charter(args.positional(0)));
  terminal.out << to_pretty_text(to_json(in_force)) << "\n";
  return cli::kOk;
}

Result<cli::Exit> change(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto key, open.service->key(args.positional(0)));
  HF_TRY(auto next, charter_from_file(*args.option("charter"), key.name, key.charter.versions, &key.charter));
  HF_TRY(const auto request, open.service->ask(std::move(next), open.actor.name, open.actor.name,
                                               args.option("reason").value_or("change of charter"), open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << request.digest << "\n";
  return cli::kOk;
}

Result<cli::Exit> discover(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(auto found, open.service->discover());
  const std::vector<std::filesystem::path> files(args.positionals().begin(), args.positionals().end());
  HF_TRY(auto unexplained, open.service->reconcile(files));
  std::ranges::move(unexplained, std::back_inserter(found));
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : found) {
    if (args.flag("json"))
      terminal.out << to_text(JsonObject{
                          {"kind", one.kind}, {"key", one.key}, {"fingerprint", one.fingerprint}, {"why", one.why}})
                   << "\n";
    rows.push_back({one.kind, one.key, one.fingerprint.substr(0, 16), one.why});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "the token, the signer's journal and the register agree\n"
                                  : cli::table(std::vector<std::string>{"kind", "key", "fingerprint", "why"}, rows));
  return found.empty() ? cli::kOk : cli::kNo;
}

}  // namespace

std::span<const cli::Command> key_commands() {
  static const cli::Command table[] = {
      {{"key create",
        "Make a signing key on the token, under its charter",
        "The charter is a JSON file: class, environment, owner, deputy, policy, approval, approvers and, where wanted, "
        "grants and\n"
        "break_glass. docs/guides/signing.md explains each. The private key never leaves the token; every use of it "
        "needs the\n"
        "approvals that the charter names, and the charter changes only by them.",
        {kName},
        {instance::kDataOption,
         {"charter", "FILE", "The key's charter, JSON", true},
         {"algorithm", "NAME", "ed25519, ecdsa-p256 (default), ecdsa-p384, rsa-2048, rsa-3072 or rsa-4096"}},
        {"holdfast key create px100-fw --charter px100-fw.json"}},
       create},
      {{"key list",
        "List the keys of the register",
        "",
        {},
        {instance::kDataOption, {"json", "", "Print one JSON object a line"}},
        {"holdfast key list"}},
       list},
      {{"key cbom",
        "Print the register as a cryptography bill of materials",
        "CycloneDX 1.6: every version of every key with its algorithm, state, owner and custody. Nothing secret is in "
        "it.",
        {},
        {instance::kDataOption},
        {"holdfast key cbom > keys.cdx.json"}},
       cbom},
      {{"key show",
        "Show a key: versions, who must agree, newest signatures",
        "",
        {kName},
        {instance::kDataOption, kJson},
        {"holdfast key show px100-fw"}},
       show},
      {{"key public",
        "Print the public key, PEM or minisign",
        "",
        {kName},
        {instance::kDataOption,
         {"version", "N", "Of this version (default: the active one)"},
         {"minisign", "", "As minisign's public key file"}},
        {"holdfast key public px100-fw > px100-fw.pem"}},
       public_key},
      {{"key charter",
        "Print the charter in force, as the signer keeps it",
        "What the signer decides by, not what the database says.",
        {kName},
        {instance::kDataOption},
        {"holdfast key charter px100-fw"}},
       charter},
      {{"key change",
        "Ask for another charter of a key",
        "Its approvers decide as on a signature; 'holdfast sign run' then puts it in force. Requests that were "
        "approved under the\n"
        "charter before have to be asked for again.",
        {kName},
        {instance::kDataOption, {"charter", "FILE", "The new charter, JSON", true}, {"reason", "TEXT", "Why"}},
        {"holdfast key change px100-fw --charter px100-fw.json --reason 'floor 4'"}},
       change},
      {{"key freeze",
        "Stop a key at once, because it may be compromised",
        "Needs no approval, and is recorded as a suspected compromise: it signs nothing until its approvers agree to "
        "another charter\n"
        "that was asked for afterwards; what was approved before is void. Repeat it to set --since earlier; later it "
        "cannot be set.\n"
        "'holdfast key drill' shows what would follow, without stopping anything.",
        {kName},
        {instance::kDataOption,
         {"reason", "TEXT", "What happened", true},
         {"since", "INSTANT", "Since when its signatures are suspect (default: now)"}},
        {"holdfast key freeze px100-fw --reason 'build server taken over' --since 2026-11-20T00:00:00Z"}},
       freeze},
      {{"key trust",
        "Say what verifies with a key: the units of a hardware revision",
        "So that a leak's answer names the units that can still be given another key, and those that cannot. A "
        "revision with burned\n"
        "keys has so many slots for them; each burned key takes one.",
        {kName},
        {instance::kDataOption,
         {"hardware-revision", "PATH", "Such as px-100/a", true},
         {"version", "N", "Of the key (default 1)"},
         {"fused", "", "Burned into the silicon; else an update can replace it"},
         {"platform", "P", "The silicon, of 'holdfast silicon list' (default: that of the hardware revision)"},
         {"slots", "N", "For burned keys that the silicon has (default: as the platform)"}},
        {"holdfast key trust px100-boot --hardware-revision px-100/a --fused --platform espressif-esp32-c3"}},
       trust},
      {{"key discover",
        "Compare the token, the signer's journal and signed files with the register",
        "Exit code 1 if they differ: unknown and missing keys, halves of keys, keys that could leave the token, uses "
        "that "
        "the\n"
        "ledger does not tell of, a journal that was set back, one r in two ECDSA signatures. Name files that were "
        "released "
        "to\n"
        "find those that carry a signature which the register does not know.",
        {{"FILE", "Signed files to look for", false, true}},
        {instance::kDataOption, {"json", "", "Print one JSON object a line"}},
        {"holdfast key discover", "holdfast key discover release/*.swu"}},
       discover},
      {{"signer", "The process that holds the keys of the token; others start it", "", {}, {}, {"holdfast signer"}},
       run_signer_command},
  };
  return table;
}

}  // namespace hf::keys
