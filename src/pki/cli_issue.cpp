// What a CA is to sign is written here; `sign` has it approved and signed under the CA's charter (the format x509).
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <ostream>

#include "pki/cli.h"
#include "pki/cli_files.h"
#include "pki/issue.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace fs = std::filesystem;

Result<Time> instant_of(const cli::Args& args, std::string_view option, Time otherwise) {
  const auto text = args.option(option);
  if (!text) return otherwise;
  return parse_rfc3339(*text);
}

Result<Wanted> wanted_of(const cli::Args& args) {
  Wanted wanted;
  HF_TRY(wanted.from, instant_of(args, "from", SystemClock().now()));
  if (args.option("until")) {
    HF_TRY(wanted.until, instant_of(args, "until", {}));
  }
  if (const auto serial = args.option("serial")) {
    auto bytes = from_hex(*serial);
    if (!bytes || bytes->empty())
      return fail(ErrorKind::invalid, "HF-PKI-0008", "--serial is the serial number's octets in hexadecimal");
    wanted.serial = *std::move(bytes);
  }
  return wanted;
}

Result<crypto::SignatureScheme> scheme_of(const cli::Args& args, const crypto::PublicKey& key) {
  const auto name = args.option("scheme");
  if (!name) return crypto::default_scheme_of(key.algorithm);
  const auto scheme = crypto::signature_scheme_of(*name);
  if (!scheme || !crypto::fits(*scheme, key.algorithm))
    return fail(ErrorKind::invalid, "HF-PKI-0009",
                "a key of " + std::string(name_of(key.algorithm)) + " does not sign with '" + std::string(*name) + "'");
  return *scheme;
}

std::vector<std::string> all_of(const cli::Args& args, std::string_view option) {
  const auto all = args.all(option);
  return {all.begin(), all.end()};
}

void next_step(cli::Terminal& terminal, std::string_view file) {
  terminal.err << "not signed yet: holdfast sign request --format x509 has it approved, or sign run --grant signs "
               << file << "\n";
}

// Of --subject and --key.
Result<Request> request_of_options(const cli::Args& args) {
  HF_TRY(const auto key, public_key_in(*args.option("key")));
  return request_of_key(*args.option("subject"), key);
}

Result<cli::Exit> run_prepare_root(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto profile, profile_named(args.option("profile").value_or("root-ca")));
  HF_TRY(const auto key, public_key_in(*args.option("key")));
  HF_TRY(const auto scheme, scheme_of(args, key));
  HF_TRY(const auto request, request_of_options(args));
  HF_TRY(const auto form, Template::of_root(profile, scheme));
  HF_TRY(const auto wanted, wanted_of(args));
  HF_TRY(const auto tbs, form.certificate(request, wanted));
  HF_CHECK(write_file(*args.option("out"), tbs));
  next_step(terminal, *args.option("out"));
  return cli::kOk;
}

// The issuer of --ca, its key and the form for --profile.
struct Ca {
  Certificate certificate;
  crypto::SignatureScheme scheme{};
};
Result<Ca> ca_of(const cli::Args& args) {
  HF_TRY(auto certificate, certificate_in(*args.option("ca")));
  HF_TRY(const auto key, crypto::public_key_of_spki(certificate.spki));
  HF_TRY(const auto scheme, scheme_of(args, key));
  return Ca{std::move(certificate), scheme};
}

// Why no certificate comes of a request, for the table of a batch.
Result<Bytes> prepare(const std::string& file, const Template& form, const Wanted& wanted,
                      std::map<std::string, std::string>& keys) {
  HF_TRY(const auto blocks, blocks_of(file, "CERTIFICATE REQUEST"));
  HF_TRY(const auto request, x509::request_of(blocks[0]));
  if (!proves_possession(request))
    return fail(ErrorKind::invalid, "HF-PKI-0010",
                "the request is not signed by the key that it is for (RFC 2986 4.2)");
  // The same key in two devices is two devices that cannot be told apart.
  const auto [at, fresh] = keys.try_emplace(to_hex(crypto::sha256({request.spki})), file);
  if (!fresh) return fail(ErrorKind::conflict, "HF-PKI-0011", "its key is that of " + at->second);
  return form.certificate(request, wanted);
}

// One certificate from --subject and --key, or from one request.
Result<cli::Exit> prepare_one(const cli::Args& args, const Template& form, const Wanted& wanted,
                              cli::Terminal& terminal) {
  const auto files = args.positionals();
  const bool of_key = args.option("subject") || args.option("key");
  if (!args.option("out") || files.size() != (of_key ? 0U : 1U) ||
      (of_key && !(args.option("subject") && args.option("key"))))
    return fail(ErrorKind::invalid, "HF-PKI-0012",
                "give one request, or --subject and --key, with --out; or any number of requests with --out-dir");
  std::map<std::string, std::string> keys;
  if (of_key) {
    HF_TRY(const auto request, request_of_options(args));
    HF_TRY(const auto tbs, form.certificate(request, wanted));
    HF_CHECK(write_file(*args.option("out"), tbs));
  } else {
    HF_TRY(const auto tbs, prepare(files[0], form, wanted, keys));
    HF_CHECK(write_file(*args.option("out"), tbs));
  }
  next_step(terminal, *args.option("out"));
  return cli::kOk;
}

Result<cli::Exit> prepare_many(const cli::Args& args, const Template& form, const Wanted& wanted,
                               cli::Terminal& terminal) {
  const fs::path folder{std::string(*args.option("out-dir"))};
  if (args.option("out") || args.option("key") || args.option("subject") || args.option("serial"))
    return fail(ErrorKind::invalid, "HF-PKI-0012", "--out, --key, --subject and --serial go with one certificate only");
  std::error_code made;
  fs::create_directories(folder, made);
  if (made) return fail(ErrorKind::invalid, "HF-PKI-0014", folder.string() + " cannot be made: " + made.message());
  const auto files = args.positionals();
  std::map<std::string, std::string> keys;
  std::vector<std::vector<std::string>> refused;
  cli::Progress progress(terminal, "requests", files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto tbs = prepare(files[i], form, wanted, keys);
    if (tbs) HF_CHECK(write_file((folder / fs::path(files[i]).stem()).string() + ".tbs", *tbs));
    else refused.push_back({files[i], std::string(tbs.error().code), tbs.error().message});
    progress.at(i + 1);
  }
  if (!refused.empty()) terminal.out << cli::table(std::vector<std::string>{"REQUEST", "CODE", "WHY"}, refused);
  next_step(terminal, folder.string());
  return refused.empty() ? cli::kOk : cli::kNo;
}

Result<cli::Exit> run_prepare(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto profile, profile_named(*args.option("profile")));
  HF_TRY(const auto ca, ca_of(args));
  HF_TRY(const auto form,
         Template::of(
             profile, ca.certificate, ca.scheme,
             {.crls = all_of(args, "crl-uri"), .ocsp = all_of(args, "ocsp-uri"), .issuers = all_of(args, "ca-uri")}));
  HF_TRY(const auto wanted, wanted_of(args));
  return args.option("out-dir") ? prepare_many(args, form, wanted, terminal)
                                : prepare_one(args, form, wanted, terminal);
}

// Lines of "serial,instant[,reason]".
Result<std::vector<RevokedEntry>> revoked_of(std::string_view text) {
  constexpr unsigned kReasonMax = 10;
  std::vector<RevokedEntry> list;
  std::size_t number = 0;
  for (auto line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with("serial,")) continue;
    const auto cells = split(line, ',');
    const auto serial = from_hex(std::string(trim(cells[0])));
    const auto at =
        cells.size() > 1 ? parse_rfc3339(trim(cells[1])) : Result<Time>(fail(ErrorKind::invalid, "HF-TIME-0001", ""));
    unsigned reason = 0;
    const auto digits = cells.size() > 2 ? trim(cells[2]) : std::string_view("0");
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), reason);
    if (!serial || serial->empty() || !at || cells.size() > 3 || wrong != std::errc() ||
        end != digits.data() + digits.size() || reason > kReasonMax || reason == 7)
      return fail(ErrorKind::invalid, "HF-PKI-0013",
                  "line " + std::to_string(number) +
                      " is not serial,instant[,reason]: hexadecimal, RFC 3339, and a CRLReason of RFC 5280 5.3.1");
    list.push_back({*serial, *at, reason});
  }
  return list;
}

Result<cli::Exit> run_prepare_crl(const cli::Args& args, cli::Terminal& terminal) {
  constexpr std::int64_t kNumberMax = std::int64_t{1} << 53, kHoursMax = 24 * 365;
  HF_TRY(const auto ca, ca_of(args));
  HF_TRY(const auto number, args.integer("number", 0, 1, kNumberMax));
  HF_TRY(const auto hours, args.integer("hours", 168, 1, kHoursMax));
  HF_TRY(const auto at, instant_of(args, "from", SystemClock().now()));
  std::vector<RevokedEntry> revoked;
  if (const auto file = args.option("revoked")) {
    HF_TRY(const auto text, read_file(*file, kPemFileMax));
    HF_TRY(revoked, revoked_of(text_of(text)));
  }
  HF_TRY(const auto tbs,
         crl(ca.certificate, ca.scheme, std::uint64_t(number), at, at + std::chrono::hours(hours), revoked));
  HF_CHECK(write_file(*args.option("out"), tbs));
  next_step(terminal, *args.option("out"));
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> issue_commands() {
  static const cli::Option scheme{
      .name = "scheme", .value = "SCHEME", .help = "rsa-pss-sha256 of an RSA key; else the key's own"};
  static const cli::Option ca{.name = "ca", .value = "CERT", .help = "the CA's certificate", .required = true};
  static const cli::Option from{.name = "from", .value = "INSTANT", .help = "RFC 3339; else now"};
  static const cli::Option until{.name = "until", .value = "INSTANT", .help = "else as the profile has it"};
  static const cli::Option serial{.name = "serial", .value = "HEX", .help = "else 16 random octets"};
  static const cli::Option out{.name = "out", .value = "FILE", .help = "the part to be signed, DER", .required = true};
  static const std::vector<cli::Command> list{
      {{.name = "pki prepare-root",
        .summary = "Write a root CA's certificate for its own key to sign",
        .details = "The key is on a token (holdfast key create, key public). What is written is not signed: holdfast\n"
                   "sign request --format x509 has it approved by the people of the key's charter.",
        .options = {{.name = "subject", .value = "NAME", .help = "\"CN=Example Root CA,O=Example\"", .required = true},
                    {.name = "key", .value = "FILE", .help = "the CA's public key, PEM or DER", .required = true},
                    {.name = "profile", .value = "PROFILE", .help = "see holdfast pki profiles; else root-ca"},
                    scheme,
                    from,
                    until,
                    serial,
                    out},
        .examples =
            {"holdfast pki prepare-root --subject 'CN=Example Root CA,O=Example' --key root.pub.pem --out root.tbs"}},
       &run_prepare_root},
      {{.name = "pki prepare",
        .summary = "Write certificates of a profile from requests, for a CA's key to sign",
        .details =
            "Each request must prove that it has its key, ask for nothing that the profile does not give, and bring\n"
            "a key that no other request of the batch has. What is written is linted. With --out-dir, requests that\n"
            "are refused are listed, the others written, and the exit code is 1.",
        .positionals = {{.name = "CSR", .help = "PKCS #10, PEM or DER", .required = false, .repeatable = true}},
        .options =
            {ca,
             {.name = "profile", .value = "PROFILE", .help = "see holdfast pki profiles", .required = true},
             {.name = "crl-uri", .value = "URI", .help = "where the CA's CRL is", .repeatable = true},
             {.name = "ocsp-uri", .value = "URI", .help = "where its OCSP responder is", .repeatable = true},
             {.name = "ca-uri", .value = "URI", .help = "where its certificate is", .repeatable = true},
             scheme,
             from,
             until,
             serial,
             {.name = "subject", .value = "NAME", .help = "instead of a request, with --key: of a CA on a token"},
             {.name = "key", .value = "FILE", .help = "its public key, which you must know to be its own"},
             {.name = "out", .value = "FILE", .help = "of one request"},
             {.name = "out-dir", .value = "FOLDER", .help = "of many: NAME.tbs of NAME.csr"}},
        .examples =
            {"holdfast pki prepare --ca ca.pem --profile idevid gw-1.csr --out gw-1.tbs",
             "holdfast pki prepare --ca ca.pem --profile idevid batch/*.csr --out-dir tbs",
             "holdfast pki prepare --ca root.pem --profile issuing-ca --subject 'CN=Example Device CA,O=Example' "
             "--key ca.pub.pem --out ca.tbs"}},
       &run_prepare},
      {{.name = "pki prepare-crl",
        .summary = "Write a complete CRL for a CA's key to sign",
        .details =
            "The file of --revoked has lines of \"serial,instant[,reason]\": octets in hexadecimal, RFC 3339, and the\n"
            "number of a CRLReason (1 keyCompromise, 4 superseded, 5 cessationOfOperation).",
        .options = {ca,
                    {.name = "number", .value = "N", .help = "above that of every CRL before", .required = true},
                    {.name = "revoked", .value = "FILE", .help = "else nothing is revoked"},
                    {.name = "hours", .value = "N", .help = "until the next one; else 168"},
                    scheme,
                    from,
                    out},
        .examples = {"holdfast pki prepare-crl --ca ca.pem --number 8 --revoked revoked.csv --out crl.tbs"}},
       &run_prepare_crl},
  };
  return list;
}

}  // namespace hf::pki
