#include <fstream>
#include <ostream>

#include "crypto/cms.h"
#include "crypto/sha256.h"
#include "keys/cli.h"
#include "keys/cli_desk.h"
#include "keys/cli_installation.h"
#include "keys/formats/formats.h"
#include "keys/register_json.h"

namespace hf::keys {
namespace {

constexpr std::size_t kFileMax = 1U << 20;
constexpr cli::Option kJson{"json", "", "Print JSON"};
const cli::Positional kRequest{"REQUEST", "Its digest, or the first 8 digits or more of it"};

Result<Artifact> artifact_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + path.string());
  crypto::Sha256Stream digest;
  std::vector<char> piece(1U << 20);
  std::int64_t size = 0;
  while (file.read(piece.data(), std::streamsize(piece.size())), file.gcount() > 0) {
    digest.update({reinterpret_cast<const std::uint8_t*>(piece.data()), std::size_t(file.gcount())});
    size += file.gcount();
  }
  return Artifact{path.filename().string(), size, to_hex(digest.finish())};
}

// --option NAME=VALUE words of a format.
Result<JsonObject> options_of(const cli::Args& args) {
  JsonObject options;
  for (const auto& word : args.all("option")) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) return fail(ErrorKind::invalid, "HF-CLI-0003", "'" + word + "' is not NAME=VALUE");
    options[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return options;
}

// What is asked for, read from the artifact here; the service sees the evidence, not the file.
Result<NewRequest> wanted_of(const cli::Args& args, std::string_view file, std::string_view key) {
  const std::filesystem::path path{std::string(file)};
  const Format* format = nullptr;
  if (const auto named = args.option("format")) {
    format = find_format(*named);
    if (!format)
      return fail(ErrorKind::invalid, "HF-SIGNER-0008",
                  "there is no format '" + std::string(*named) + "'; formats are " + format_names());
  } else {
    HF_TRY(format, recognize_format(path));
  }
  HF_TRY(const auto options, options_of(args));
  NewRequest wanted{.key = std::string(key),
                    .product = std::string(args.option("product").value_or("")),
                    .format = std::string(format->name()),
                    .reason = std::string(args.option("reason").value_or("")),
                    .branch = std::string(args.option("branch").value_or(""))};
  HF_TRY(wanted.evidence, format->evidence(path, options));
  HF_TRY(wanted.artifact, artifact_of(path));
  if (const auto name = args.option("scheme")) {
    wanted.scheme = crypto::signature_scheme_of(*name);
    if (!wanted.scheme)
      return fail(ErrorKind::invalid, "HF-CLI-0003", "there is no signature scheme '" + std::string(*name) + "'");
  }
  if (const auto chain = args.option("certificate")) {
    HF_TRY(const auto text, read_file(*chain, kFileMax));
    HF_TRY(wanted.certificate, crypto::certificate_of_pem(text));
  }
  return wanted;
}

void print_lacks(cli::Terminal& terminal, const std::vector<Lack>& lacks) {
  if (lacks.empty()) terminal.out << "\nApproved: 'holdfast sign run' makes the signature.\n";
  for (const auto& lack : lacks) terminal.out << "\nLacking: " << lack.why;
  if (!lacks.empty()) terminal.out << "\n";
}

JsonObject json_of(const StoredRequest& stored, const std::vector<Lack>& lacks) {
  JsonArray approvals, lacking;
  for (const auto& approval : stored.approvals)
    approvals.push_back(
        JsonObject{{"person", approval.statement.person},
                   {"decision", approval.statement.decision == Decision::approve ? "approve" : "reject"},
                   {"at", format_rfc3339(approval.statement.at)}});
  for (const auto& lack : lacks) lacking.push_back(JsonObject{{"rule", lack.rule}, {"why", lack.why}});
  return {{"digest", stored.digest},
          {"request", to_json(stored.request)},
          {"approvals", std::move(approvals)},
          {"lacking", std::move(lacking)},
          {"used", stored.used},
          {"entry", stored.entry}};
}

JsonObject json_of(const Asked& asked) {
  JsonArray lacking;
  for (const auto& lack : asked.lacks) lacking.push_back(JsonObject{{"rule", lack.rule}, {"why", lack.why}});
  return {
      {"digest", asked.digest},        {"request", to_json(asked.request)}, {"approvals", asked.shown.at("decisions")},
      {"lacking", std::move(lacking)}, {"used", asked.shown.at("used")},    {"entry", asked.shown.at("entry")}};
}

Result<cli::Exit> ask(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto desk, open_desk(args));
  HF_TRY(auto wanted, wanted_of(args, args.positional(0), *args.option("key")));
  wanted.break_glass = args.flag("break-glass");
  HF_TRY(const auto digest, desk->ask(std::move(wanted)));
  terminal.out << digest << "\n";
  return cli::kOk;
}

Result<cli::Exit> grant(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto signatures, args.integer("signatures", 1, 1, 1'000'000'000));
  HF_TRY(const auto days, args.integer("days", 1, 1, 3660));
  NewGrant wanted{.key = std::string(*args.option("key")),
                  .grant = {.signatures = signatures},
                  .requester = {},
                  .person = {},
                  .reason = std::string(args.option("reason").value_or("")),
                  .valid = std::chrono::hours(24 * days)};
  const auto texts = [&](std::string_view name) {
    return std::vector<std::string>(args.all(name).begin(), args.all(name).end());
  };
  wanted.grant.products = texts("product"), wanted.grant.formats = texts("format"),
  wanted.grant.requesters = texts("requester");
  if (auto branches = texts("branch"); !branches.empty()) wanted.grant.branches = std::move(branches);
  HF_TRY(const auto desk, open_desk(args));
  HF_TRY(const auto digest, desk->ask(std::move(wanted)));
  terminal.out << digest << "\n";
  return cli::kOk;
}

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto desk, open_desk(args));
  HF_TRY(const auto asked, desk->request(args.positional(0)));
  if (args.flag("json")) {
    terminal.out << to_text(json_of(asked)) << "\n";
    return cli::kOk;
  }
  const auto& request = asked.request;
  const auto& shown = asked.shown;
  terminal.out << "request     " << asked.digest << "\nkind        " << name_of(request.kind) << "\nkey         "
               << request.key << " version " << request.key_version << "\nrequester   " << request.requester
               << "\nreason      " << request.reason << "\nexpires_at  " << format_rfc3339(request.expires_at)
               << "\nused        " << number_at(shown, "used") << "\n";
  if (request.artifact)
    terminal.out << "product     " << request.product << "\nartifact    " << request.artifact->name << ", "
                 << request.artifact->size << " bytes, SHA-256 " << request.artifact->sha256 << "\n";
  if (const auto problem = text_at(shown, "evidence_problem"); !problem.empty())
    terminal.out << "\n" << problem << "\n";
  if (const auto* view = object_at(shown, "view"))
    terminal.out << "\nWhat will be signed\n" << to_pretty_text(*view) << "\n";
  if (request.grant)
    terminal.out << "\nWhat the grant allows\n" << to_pretty_text(to_json(request).at("grant")) << "\n";
  if (const auto* next = object_at(shown, "next_charter"))
    terminal.out << "\nThe charter that would come into force\n" << to_pretty_text(next->at("charter")) << "\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : shown.at("decisions").as_array()) {
    const auto& decision = item.as_object();
    rows.push_back({std::string(text_at(decision, "person")), std::string(text_at(decision, "decision")),
                    std::string(text_at(decision, "at"))});
  }
  if (!rows.empty()) terminal.out << "\n" << cli::table(std::vector<std::string>{"person", "decision", "at"}, rows);
  print_lacks(terminal, asked.lacks);
  return cli::kOk;
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto limit, args.integer("limit", 50, 1, 10'000));
  HF_TRY(const auto requests,
         open.service->requests(args.option("key").value_or(""), std::numeric_limits<std::int64_t>::max(), limit));
  std::vector<std::vector<std::string>> rows;
  for (const auto& stored : requests) {
    HF_TRY(const auto lacks, open.service->lacking(stored));
    if (args.flag("json")) terminal.out << to_text(json_of(stored, lacks)) << "\n";
    std::vector<std::string> rules;
    for (const auto& lack : lacks) rules.push_back(lack.rule);
    const auto& request = stored.request;
    const bool used_up = request.kind == RequestKind::sign && stored.used >= request.uses;
    HF_TRY(const auto glass, open.service->ratification(stored));
    rows.push_back({stored.digest.substr(0, 12), std::string(name_of(request.kind)), request.key,
                    request.artifact ? request.artifact->name : std::string(), request.requester,
                    glass     ? "used, " + std::string(name_of(*glass)) + " " + format_rfc3339(stored.glass->due_at)
                    : used_up ? "used"
                    : rules.empty() ? "approved"
                                    : joined(rules),
                    format_rfc3339(request.expires_at)});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "nobody has asked for a signature yet; 'holdfast sign request' does\n"
                                  : cli::table(std::vector<std::string>{"request", "kind", "key", "artifact",
                                                                        "requester", "state", "expires_at"},
                                               rows));
  return cli::kOk;
}

Result<cli::Exit> statement(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto stored, open.service->request(args.positional(0)));
  const Statement said{stored.digest, args.flag("reject") ? Decision::reject : Decision::approve,
                       std::string(*args.option("person")), open.instance->clock().now()};
  terminal.out << canonical(said);  // without a line end: these bytes are signed
  return cli::kOk;
}

// A signature as tools write it: raw, or DER for ECDSA.
Bytes plain_signature(const Approver& approver, ByteView bytes) {
  if (approver.key.algorithm == crypto::KeyAlgorithm::ecdsa_p256 && bytes.size() != 64)
    return crypto::ecdsa_from_der(bytes, 64);
  if (approver.key.algorithm == crypto::KeyAlgorithm::ecdsa_p384 && bytes.size() != 96)
    return crypto::ecdsa_from_der(bytes, 96);
  return {bytes.begin(), bytes.end()};
}

Result<cli::Exit> decide(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto said, read_file(*args.option("statement"), kFileMax));
  HF_TRY(const auto signature, read_file(*args.option("signature"), kFileMax));
  HF_TRY(const auto json, parse_json(said));
  const auto* object = json.if_object();
  if (!object || !object->contains("decision") || !object->contains("request"))
    return fail(ErrorKind::invalid, "HF-KEYS-0003", "the statement is not one that 'holdfast sign statement' wrote");
  JsonObject approval = *object;
  approval.erase("type");
  approval["kind"] = "key";
  approval["signature"] = to_hex(bytes_of(signature));
  HF_TRY(auto read, approval_of(approval));
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto stored, open.service->request(read.statement.request));
  HF_TRY(const auto key, open.service->key(stored.request.key));
  for (const auto& approver : key.charter.approvers) {
    auto tried = read;
    tried.signature = plain_signature(approver, bytes_of(signature));
    if (approver.person == read.statement.person && signer_of(tried, std::span(&approver, 1))) read = tried;
  }
  HF_TRY(const auto decided, open.service->decide(stored.digest, read, open.actor));
  HF_CHECK(open.service->hand_over_rejections());
  if (decided.glass) HF_CHECK(open.service->hand_over_ratifications(key.name, open.actor));
  HF_CHECK(open.instance->log().advance());
  HF_TRY(const auto lacks, open.service->lacking(decided));
  terminal.out << read.statement.person << (read.statement.decision == Decision::approve ? " approves " : " rejects ")
               << stored.digest.substr(0, 12) << "\n";
  if (!decided.glass) print_lacks(terminal, lacks);
  else if (decided.glass->ratified_at)
    terminal.out << "\nRatified: the breaking of glass is met by the full profile.\n";
  else
    for (const auto& lack : lacks)
      terminal.out << "\nTo be ratified by " << format_rfc3339(decided.glass->due_at) << ": " << lack.why << "\n";
  return cli::kOk;
}

Result<cli::Exit> unratified(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto limit, args.integer("limit", 50, 1, 10'000));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto broken, instance->database().read([&](const db::Reader& reader) {
    return keys::unratified(reader, limit, instance->clock().now());
  }));
  bool late = false;
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : broken) {
    if (args.flag("json")) terminal.out << to_text(line_of(item)) << "\n";
    late = late || item.ratification != Ratification::open;
    const auto& stored = item.stored;
    rows.push_back({stored.digest.substr(0, 12), stored.request.key,
                    stored.request.artifact ? stored.request.artifact->name : std::string(), stored.request.requester,
                    std::string(name_of(*item.ratification)), format_rfc3339(stored.glass->due_at)});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "nothing that was signed by breaking glass waits to be ratified\n"
                                  : cli::table(std::vector<std::string>{"request", "key", "artifact", "requester",
                                                                        "ratification", "due_at"},
                                               rows));
  return late ? cli::kNo : cli::kOk;
}

Result<cli::Exit> run(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto desk, open_desk(args));
  HF_TRY(const auto asked, desk->request(args.positional(0)));
  const auto& request = asked.request;
  if (request.kind == RequestKind::charter) {
    HF_TRY(const auto sentence, desk->put_in_force(asked.digest));
    terminal.out << sentence << "\n";
    return cli::kOk;
  }
  const auto out = args.option("out");
  if (args.positional(1).empty() || !out)
    return fail(ErrorKind::invalid, "HF-CLI-0001", "name the artifact, and with --out where the signed file goes");
  const std::filesystem::path path{std::string(args.positional(1))};
  HF_TRY(const auto artifact, artifact_of(path));
  const bool granted = request.kind == RequestKind::grant;
  if (!granted && request.artifact && artifact.sha256 != request.artifact->sha256)
    return fail(ErrorKind::conflict, "HF-KEYS-0018",
                "this is not the file that the request is for: its SHA-256 is " + artifact.sha256);
  Signed made;
  if (granted) {
    HF_TRY(auto wanted, wanted_of(args, args.positional(1), request.key));
    HF_TRY(made, desk->sign_under(asked.digest, std::move(wanted)));
  } else {
    HF_TRY(made, desk->sign(asked.digest));
  }
  const auto* format = find_format(made.format);
  if (!format)
    return fail(ErrorKind::invalid, "HF-SIGNER-0008", "this version does not know the format '" + made.format + "'");
  HF_CHECK(format->assemble(path, made.evidence, made.context, made.signature, std::string(*out)));
  HF_TRY(const auto view, format->view(made.evidence));  // assemble() has verified the file
  HF_TRY(const auto signed_file, artifact_of(std::string(*out)));
  HF_CHECK(desk->record_file(made.id, signed_file.sha256));
  terminal.out << "signed      " << std::string(*out) << "\nSHA-256     " << signed_file.sha256 << "\nformat      "
               << made.format << "\nscheme      " << crypto::name_of(made.context.scheme) << "\nversion     "
               << view.version.value_or("-") << "\n";
  return cli::kOk;
}

const std::vector<cli::Option> kArtifactOptions{
    {"format", "NAME", "Of the container (default: what the file looks like)"},
    {"product", "PATH", "The product that it is for"},
    {"branch", "NAME", "The branch that it was built from"},
    {"scheme", "NAME", "ed25519, ecdsa-p256-sha256, ecdsa-p384-sha384, rsa-pkcs1-sha256 or rsa-pss-sha256"},
    {"certificate", "FILE", "The signer's certificate, PEM, for swu, rauc and cms"},
    {"option", "NAME=VALUE", "An option of the format: 'holdfast artifact formats'", false, true},
};

std::vector<cli::Option> at_desk(std::vector<cli::Option> options) {
  for (auto& option : desk_options()) options.push_back(option);
  return options;
}

std::vector<cli::Option> with_artifact_options(std::vector<cli::Option> options) {
  options.insert(options.end(), kArtifactOptions.begin(), kArtifactOptions.end());
  return at_desk(std::move(options));
}

}  // namespace

std::span<const cli::Command> sign_commands() {
  static const std::vector<cli::Command> table{
      {{"sign request",
        "Ask for a signature of an artifact",
        "Reads what the signature would cover, which is small whatever the file's size, and checks it against the "
        "charter of the\n"
        "key before anyone is asked. Prints the request's digest.",
        {{"FILE", "The unsigned artifact"}},
        with_artifact_options({{"key", "NAME", "The key", true},
                               {"reason", "TEXT", "Why"},
                               {"break-glass", "", "In an emergency: as few as the charter's break_glass says"}}),
        {"holdfast sign request app.bin --key px100-fw --product px-100 --reason 'release 1.2.3'"}},
       ask},
      {{"sign grant",
        "Ask for a standing grant: signatures that nobody is asked for again",
        "Approved once, by the same people; limited in number and time, and listed while it lives.",
        {},
        at_desk({{"key", "NAME", "The key", true},
                 {"product", "PATH", "For this product", true, true},
                 {"format", "NAME", "In this format", true, true},
                 {"signatures", "N", "At most so many (default 1)"},
                 {"days", "N", "For so many days (default 1)"},
                 {"requester", "NAME", "Who may use it (default: who asks)", false, true},
                 {"branch", "NAME", "Only of this branch", false, true},
                 {"reason", "TEXT", "Why"}}),
        {"holdfast sign grant --key px100-dev --product px-100 --format mcuboot --signatures 50 --days 7"}},
       grant},
      {{"sign list",
        "List requests, newest first",
        "",
        {},
        {instance::kDataOption,
         {"key", "NAME", "Only of this key"},
         {"limit", "N", "At most so many (default 50)"},
         {"json", "", "Print one JSON object a line"}},
        {"holdfast sign list"}},
       list},
      {{"sign show",
        "Show a request: what will be signed, who has decided, what is lacking",
        "What will be signed is parsed from the bytes that the signature covers.",
        {kRequest},
        at_desk({kJson}),
        {"holdfast sign show 4f1c2a90"}},
       show},
      {{"sign unratified",
        "List what was signed by breaking glass and has still to be ratified",
        "The people of the full profile approve such a request afterwards as they approve any: 'sign statement', 'sign "
        "decide'. Exit\n"
        "code 1 if one is overdue or rejected: its key then breaks no more glass.",
        {},
        {instance::kDataOption,
         {"limit", "N", "At most so many (default 50)"},
         {"json", "", "Print one JSON object a line"}},
        {"holdfast sign unratified"}},
       unratified},
      {{"sign statement",
        "Write the statement that an approver signs",
        "Sign exactly these bytes with the key that the charter names for the person: openssl dgst -sha256 -sign, "
        "pkcs11-tool --sign\n"
        "or any other tool; then hand both to 'holdfast sign decide'.",
        {kRequest},
        {instance::kDataOption,
         {"person", "NAME", "Who decides, as in the charter", true},
         {"reject", "", "Reject: this kills the request for good"}},
        {"holdfast sign statement 4f1c2a90 --person user:7 > statement"}},
       statement},
      {{"sign decide",
        "Hand in an approver's signed statement",
        "",
        {},
        {instance::kDataOption,
         {"statement", "FILE", "As 'sign statement' wrote it", true},
         {"signature", "FILE", "Over it: raw, or DER for ECDSA", true}},
        {"holdfast sign decide --statement statement --signature statement.sig"}},
       decide},
      {{"sign run",
        "Make the signature that was approved, and write the signed file",
        "For a grant, name what the file is as in 'sign request'. The signed file is verified before it is there. A "
        "request for a\n"
        "charter puts the charter in force and takes no file.",
        {kRequest, {"FILE", "The unsigned artifact", false}},
        with_artifact_options({{"out", "FILE", "Where the signed file goes"}}),
        {"holdfast sign run 4f1c2a90 app.bin --out app.signed.bin"}},
       run},
  };
  return table;
}

}  // namespace hf::keys
