// What a CA of an installation issues: pki issue, record, list, show, revoke, crl.
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "keys/cli_installation.h"
#include "pki/cli.h"
#include "pki/cli_files.h"
#include "pki/issuing.h"
#include "pki/register_json.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace fs = std::filesystem;

const cli::Option kCa{.name = "ca", .value = "NAME", .help = "The CA, of holdfast pki ca list", .required = true};
const cli::Option kGrant{.name = "grant",
                         .value = "REQUEST",
                         .help = "A standing grant of the CA's key: holdfast sign grant --format x509",
                         .required = true};
const cli::Option kProduct{.name = "product", .value = "PATH", .help = "The product that it is for; else the grant's"};
const cli::Option kJson{.name = "json", .value = "", .help = "Print JSON"};

std::string text(const cli::Args& args, std::string_view option) {
  return std::string(args.option(option).value_or(""));
}

struct Wish {
  std::string name;  // of the file, without its suffix
  std::optional<Order> order;
  std::optional<Error> unreadable;
};

// Of the files, or of --subject and --key.
Result<std::vector<Wish>> wishes_of(const cli::Args& args) {
  const bool of_key = args.option("subject") || args.option("key");
  const auto files = args.positionals();
  if (of_key ? !(args.option("subject") && args.option("key") && files.empty()) : files.empty())
    return fail(ErrorKind::invalid, "HF-PKI-0012", "give requests, or --subject and --key of a key on a token");
  std::vector<Wish> list;
  if (of_key) {
    HF_TRY(const auto key, public_key_in(*args.option("key")));
    HF_TRY(auto request, request_of_key(*args.option("subject"), key));
    list.push_back({fs::path(*args.option("key")).stem().stem().string(), Order{std::move(request), true}, {}});
    return list;
  }
  for (const auto& file : files) {
    Wish wish{fs::path(file).stem().string(), {}, {}};
    const auto read = [&]() -> Result<Request> {
      HF_TRY(const auto blocks, blocks_of(file, "CERTIFICATE REQUEST"));
      return x509::request_of(blocks[0]);
    };
    auto request = read();
    if (request) wish.order = Order{*std::move(request)};
    else wish.unreadable = request.error();
    list.push_back(std::move(wish));
  }
  return list;
}

Result<cli::Exit> issue(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(auto wishes, wishes_of(args));
  const fs::path folder{text(args, "out-dir")};
  std::error_code made;
  fs::create_directories(folder, made);
  if (made) return fail(ErrorKind::invalid, "HF-PKI-0014", folder.string() + " cannot be made: " + made.message());
  Issuance wanted{.authority = text(args, "ca"),
                  .profile = text(args, "profile"),
                  .grant = text(args, "grant"),
                  .product = text(args, "product"),
                  .branch = text(args, "branch")};
  if (const auto until = args.option("until")) {
    HF_TRY(wanted.until, parse_rfc3339(*until));
  }
  HF_TRY(const auto open, keys::open_installation(args));
  auto& database = open.instance->database();
  Registry registry(database, open.instance->clock());
  Issuer issuer(registry, *open.service, database, open.instance->clock());

  // In pieces, so that what was issued is on disk and what comes is seen.
  constexpr std::size_t kPiece = 256;
  std::vector<std::vector<std::string>> refused;
  std::size_t issued = 0;
  cli::Progress progress(terminal, "requests", wishes.size());
  for (std::size_t begin = 0; begin < wishes.size(); begin += kPiece) {
    std::vector<Order> orders;
    std::vector<std::string> names;
    for (std::size_t i = begin; i < std::min(begin + kPiece, wishes.size()); ++i) {
      auto& wish = wishes[i];
      if (wish.unreadable) {
        refused.push_back({wish.name, std::string(wish.unreadable->code), wish.unreadable->message});
        continue;
      }
      orders.push_back(*std::move(wish.order));
      names.push_back(wish.name);
    }
    HF_TRY(const auto answers, issuer.issue(wanted, orders, open.actor));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto& answer = answers[i];
      if (!answer) {
        refused.push_back({names[i], std::string(answer.error().code), answer.error().message});
        continue;
      }
      ++issued;
      HF_CHECK(write_file((folder / names[i]).string() + ".pem", bytes_of(crypto::pem_of("CERTIFICATE", answer->der))));
      if (args.flag("json")) terminal.out << to_text(to_json(*answer)) << "\n";
    }
    progress.at(std::min(begin + kPiece, wishes.size()));
  }
  HF_CHECK(open.instance->log().advance());
  if (!args.flag("json")) terminal.out << issued << (issued == 1 ? " certificate" : " certificates") << " issued\n";
  if (!refused.empty()) {
    auto& out = args.flag("json") ? terminal.err : terminal.out;
    out << cli::table(std::vector<std::string>{"REQUEST", "CODE", "WHY"}, refused);
  }
  return refused.empty() ? cli::kOk : cli::kNo;
}

Result<cli::Exit> record(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  Registry registry(instance->database(), instance->clock());
  for (const auto& file : args.positionals()) {
    HF_TRY(const auto certificate, certificate_in(file));
    HF_TRY(const auto row,
           registry.record(*args.option("ca"), certificate.der, text(args, "product"), instance::cli_actor()));
    terminal.out << row.serial << "  " << row.subject << "\n";
  }
  HF_CHECK(instance->log().advance());
  return cli::kOk;
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto limit, args.integer("limit", 50, 1, 100'000));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Registry registry(instance->database(), instance->clock());
  HF_TRY(const auto all, registry.certificates(*args.option("ca"), std::numeric_limits<std::int64_t>::max(), limit));
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : all) {
    HF_TRY(const auto standing, registry.standing(one.ca_id, one.serial));
    auto json = to_json(one);
    if (args.flag("json")) {
      if (standing.revoked) json["revoked_at"] = format_rfc3339(standing.revoked->effective_at);
      terminal.out << to_text(json) << "\n";
    }
    rows.push_back({one.serial, one.subject, one.profile, one.product, format_rfc3339(one.not_after),
                    standing.revoked ? std::string(name_of_reason(standing.revoked->reason)) : std::string()});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "nothing is issued yet; 'holdfast pki issue' does\n"
                                  : cli::table(std::vector<std::string>{"serial", "subject", "profile", "product",
                                                                        "not_after", "revoked"},
                                               rows));
  return cli::kOk;
}

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Registry registry(instance->database(), instance->clock());
  HF_TRY(const auto ca, registry.authority(*args.option("ca")));
  HF_TRY(const auto serial, serial_of_text(args.positional(0)));
  HF_TRY(const auto standing, registry.standing(ca.stored.id, serial));
  const auto found = registry.certificate(ca.stored.name, serial);
  if (!found && !standing.issued) return fail(found.error());
  // The certificate's row may be gone; what is known of its number stays.
  auto json = found ? to_json(*found) : JsonObject{{"serial", serial}};
  json["ca"] = ca.stored.name;
  json["state"] = standing.revoked ? "revoked" : "good";
  if (standing.revoked) {
    json["revoked_at"] = format_rfc3339(standing.revoked->effective_at);
    json["reason"] = name_of_reason(standing.revoked->reason);
    json["recorded_at"] = format_rfc3339(standing.revoked->recorded_at);
  }
  if (args.option("out")) {
    if (!found) return fail(found.error());
    HF_CHECK(write_file(*args.option("out"), bytes_of(crypto::pem_of("CERTIFICATE", found->der))));
  }
  terminal.out << (args.flag("json") ? to_text(json) : to_pretty_text(json)) << "\n";
  return cli::kOk;
}

Result<cli::Exit> revoke(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto reason, reason_of(*args.option("reason")));
  std::optional<Time> at;
  if (const auto instant = args.option("at")) {
    HF_TRY(at, parse_rfc3339(*instant));
  }
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  Registry registry(instance->database(), instance->clock());
  for (const auto& serial : args.positionals()) {
    HF_TRY(const auto row, registry.revoke(*args.option("ca"), serial, reason, at, instance::cli_actor()));
    terminal.out << row.serial << " is revoked from " << format_rfc3339(row.effective_at) << " on, "
                 << name_of_reason(row.reason) << "; CRL shard " << row.shard << "\n";
  }
  HF_CHECK(instance->log().advance());
  terminal.err << "a CRL says so when 'holdfast pki crl' has made one\n";
  return cli::kOk;
}

// The number of a CRL that is out there, of this CA.
Result<std::int64_t> number_in(std::string_view file, const Authority& ca) {
  HF_TRY(const auto blocks, blocks_of(file, "X509 CRL"));
  HF_TRY(const auto crl, x509::crl_of(blocks[0]));
  const auto key = crypto::VerificationKey::of_spki(ca.certificate.spki);
  const auto algorithm = crypto::verification_algorithm_of_der(crl.signature_algorithm);
  if (!key || !algorithm || !key->verify(*algorithm, crl.tbs, crl.signature) || !crl.number ||
      crl.number->size() > sizeof(std::int64_t) || (crl.number->front() & 0x80U) != 0)
    return fail(ErrorKind::invalid, "HF-PKI-0026",
                std::string(file) + " is no CRL of the CA " + ca.stored.name + " with a number of at most 63 bits");
  std::int64_t number = 0;
  for (const auto octet : *crl.number) number = number << 8 | octet;
  return number;
}

Result<cli::Exit> crl(const cli::Args& args, cli::Terminal& terminal) {
  constexpr std::int64_t kHoursMax = 24 * 365;
  CrlOrder order{.authority = text(args, "ca"), .grant = text(args, "grant"), .product = text(args, "product")};
  HF_TRY(const auto hours, args.integer("hours", 168, 1, kHoursMax));
  order.valid = std::chrono::hours(hours);
  HF_TRY(const auto open, keys::open_installation(args));
  auto& database = open.instance->database();
  Registry registry(database, open.instance->clock());
  HF_TRY(const auto ca, registry.authority(order.authority));
  if (const auto newest = args.option("newest")) {
    HF_TRY(order.above, number_in(*newest, ca));
  }
  HF_TRY(const auto shard, args.integer("shard", -1, 0, 255));
  const fs::path out{text(args, "out")};
  if (shard < 0 && ca.stored.shards > 1) {
    std::error_code made;
    fs::create_directories(out, made);
    if (made) return fail(ErrorKind::invalid, "HF-PKI-0014", out.string() + " cannot be made: " + made.message());
  }
  Issuer issuer(registry, *open.service, database, open.instance->clock());
  for (std::int64_t i = 0; i < ca.stored.shards; ++i) {
    if (shard >= 0 && i != shard) continue;
    order.shard = i;
    HF_TRY(const auto made, issuer.crl(order, open.actor));
    const auto file = shard < 0 && ca.stored.shards > 1 ? out / (std::to_string(i) + ".crl") : out;
    // A distribution point has DER (RFC 5280 4.2.1.13).
    HF_CHECK(write_file(file.string(), args.option("encoding").value_or("der") == "pem"
                                           ? bytes_of(crypto::pem_of("X509 CRL", made.der))
                                           : ByteView(made.der)));
    terminal.out << file.string() << ": number " << made.number << ", " << made.revoked << " revoked, next by "
                 << format_rfc3339(made.next_update) << "\n";
  }
  HF_CHECK(open.instance->log().advance());
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> certificate_commands() {
  static const cli::Positional serial{.name = "SERIAL", .help = "The serial number's octets in hexadecimal"};
  static const std::vector<cli::Command> table{
      {{.name = "pki issue",
        .summary = "Issue certificates for requests, under a standing grant of the CA's key",
        .details =
            "Each request must prove that it has its key, ask for nothing that the profile does not give, and bring a\n"
            "key that no other subject has. Serial numbers are reserved before the key signs; what comes back is\n"
            "verified and linted before it is written. Requests that are refused are listed, and the exit code is 1.",
        .positionals = {{.name = "CSR", .help = "PKCS #10, PEM or DER", .required = false, .repeatable = true}},
        .options = {instance::kDataOption,
                    kCa,
                    {.name = "profile", .value = "PROFILE", .help = "One of the CA's", .required = true},
                    kGrant,
                    kProduct,
                    {.name = "branch", .value = "NAME", .help = "Where the grant asks for one"},
                    {.name = "until", .value = "INSTANT", .help = "RFC 3339; else as the profile has it"},
                    {.name = "subject", .value = "NAME", .help = "Instead of a request, with --key"},
                    {.name = "key", .value = "FILE", .help = "A public key that you know to be the subject's"},
                    {.name = "out-dir", .value = "FOLDER", .help = "NAME.pem of NAME.csr", .required = true},
                    {.name = "json", .value = "", .help = "Print one JSON object a certificate"}},
        .examples = {"holdfast pki issue --ca devices --profile idevid --grant 4f1c2a90 batch/*.csr --out-dir certs",
                     "holdfast pki issue --ca devices --profile ocsp-responder --grant 4f1c2a90 --subject 'CN=OCSP "
                     "2026-11' --key ocsp.pub.pem --out-dir certs"}},
       &issue},
      {{.name = "pki record",
        .summary = "Write down certificates that the CA's key signed elsewhere",
        .details = "So that they can be revoked, and are known to OCSP: what 'pki prepare' and 'sign run' made.",
        .positionals = {{.name = "CERT", .help = "PEM or DER", .repeatable = true}},
        .options = {instance::kDataOption, kCa, {.name = "product", .value = "PATH", .help = "That it is for"}},
        .examples = {"holdfast pki record --ca root ca.pem"}},
       &record},
      {{.name = "pki list",
        .summary = "List certificates of a CA, newest first",
        .details = "",
        .options = {instance::kDataOption,
                    kCa,
                    {.name = "limit", .value = "N", .help = "At most so many (default 50)"},
                    {.name = "json", .value = "", .help = "Print one JSON object a line"}},
        .examples = {"holdfast pki list --ca devices"}},
       &list},
      {{.name = "pki show",
        .summary = "Show a certificate of a CA, and whether it is revoked",
        .details = "",
        .positionals = {serial},
        .options = {instance::kDataOption,
                    kCa,
                    {.name = "out", .value = "FILE", .help = "Write the certificate there, PEM"},
                    kJson},
        .examples = {"holdfast pki show --ca devices 6d7855f534b510837078b8bc6ecf5ece"}},
       &show},
      {{.name = "pki revoke",
        .summary = "Revoke certificates of a CA, for good",
        .details =
            "A further revocation moves the time earlier, or says that the key is compromised. Nothing is undone.",
        .positionals = {{.name = "SERIAL", .help = "Octets in hexadecimal", .repeatable = true}},
        .options =
            {instance::kDataOption,
             kCa,
             {.name = "reason",
              .value = "REASON",
              .help = "unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, "
                      "privilegeWithdrawn or aACompromise",
              .required = true},
             {.name = "at", .value = "INSTANT", .help = "RFC 3339, from when on; else now"}},
        .examples = {"holdfast pki revoke --ca devices 6d7855f534b510837078b8bc6ecf5ece --reason keyCompromise"}},
       &revoke},
      {{.name = "pki crl",
        .summary = "Make the next CRL of a CA, under a standing grant of its key",
        .details =
            "Its number is above every one before, also after a restore. Of a CA with shards, all of them are made\n"
            "into the folder --out, unless --shard names one.",
        .options = {instance::kDataOption,
                    kCa,
                    kGrant,
                    kProduct,
                    {.name = "shard", .value = "N", .help = "Only this one"},
                    {.name = "hours", .value = "N", .help = "Until the next one; else 168"},
                    {.name = "newest", .value = "FILE", .help = "One that is published: its number is below"},
                    {.name = "encoding", .value = "der|pem", .help = "else der", .choices = {"der", "pem"}},
                    {.name = "out", .value = "FILE", .help = "Where it goes", .required = true}},
        .examples = {"holdfast pki crl --ca devices --grant 4f1c2a90 --out devices.crl"}},
       &crl},
  };
  return table;
}

}  // namespace hf::pki
