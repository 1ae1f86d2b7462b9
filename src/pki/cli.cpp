#include "pki/cli.h"

#include <algorithm>
#include <ostream>

#include "crypto/sha256.h"
#include "crypto/verification.h"
#include "pki/cli_files.h"
#include "pki/path.h"
#include "pki/profile.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
using crypto::x509::Crl;

constexpr std::size_t kSignatureMax = 64U << 10;

struct Unreadable {
  std::string file;
  std::string message;
};

// What cannot be read as a certificate is no certificate of any path: it is told, and the others are used.
Result<std::vector<Certificate>> certificates_of(const cli::Args& args, std::string_view option,
                                                 std::vector<Unreadable>& unreadable) {
  std::vector<Certificate> list;
  for (const auto& name : args.all(option)) {
    HF_TRY(const auto blocks, blocks_of(name, "CERTIFICATE"));
    for (const auto& der : blocks) {
      auto certificate = x509::certificate_of(der);
      if (certificate) list.push_back(*std::move(certificate));
      else unreadable.push_back({name, certificate.error().message});
    }
  }
  return list;
}

Result<std::vector<Crl>> crls_of(const cli::Args& args, std::vector<Unreadable>& unreadable) {
  std::vector<Crl> list;
  for (const auto& name : args.all("crls")) {
    HF_TRY(const auto blocks, blocks_of(name, "X509 CRL"));
    for (const auto& der : blocks) {
      auto crl = x509::crl_of(der);
      if (crl) list.push_back(*std::move(crl));
      else unreadable.push_back({name, crl.error().message});
    }
  }
  return list;
}

JsonObject describe(const Certificate& certificate) {
  return {{"subject", certificate.subject.text()},
          {"issuer", certificate.issuer.text()},
          {"serial", certificate.serial_text()},
          {"not_before", format_rfc3339(certificate.validity.not_before)},
          {"not_after", format_rfc3339(certificate.validity.not_after)},
          {"sha256", to_hex(crypto::sha256({certificate.der}))}};
}

Finding malformed(std::string message) { return {"der", Severity::error, "RFC 5280 4.1, X.690", std::move(message)}; }

Result<Time> instant_of(const cli::Args& args) {
  const auto at = args.option("at");
  if (!at) return SystemClock().now();
  return parse_rfc3339(*at);
}

// --- pki lint

Result<cli::Exit> run_lint(const cli::Args& args, cli::Terminal& terminal) {
  std::optional<Profile> profile;
  if (const auto name = args.option("profile")) {
    HF_TRY(profile, profile_named(*name));
  }
  JsonArray list;
  std::vector<std::vector<std::string>> rows;
  bool errors = false;
  for (const auto& name : args.positionals()) {
    HF_TRY(const auto blocks, blocks_of(name, "CERTIFICATE"));
    for (const auto& der : blocks) {
      const auto certificate = x509::certificate_of(der);
      std::vector<Finding> findings;
      if (!certificate) {
        findings.push_back(malformed(certificate.error().message));
      } else {
        const Subject subject(*certificate);
        findings = lint(subject);
        if (profile) std::ranges::move(check_profile(subject, *profile), std::back_inserter(findings));
      }
      const auto title = certificate ? certificate->subject.text() : name;
      JsonArray found;
      for (const auto& one : findings) {
        errors = errors || one.severity == Severity::error;
        found.push_back(to_json(one));
        rows.push_back({title, std::string(name_of(one.severity)), one.rule, one.message, one.source});
      }
      JsonObject item{{"file", name}, {"findings", found}};
      if (certificate) item["certificate"] = describe(*certificate);
      list.push_back(std::move(item));
    }
  }
  if (args.flag("json")) {
    terminal.out << to_pretty_text(JsonObject{{"valid", !errors}, {"certificates", list}}) << "\n";
  } else if (rows.empty()) {
    terminal.out << list.size() << (list.size() == 1 ? " certificate: " : " certificates: ") << "nothing found\n";
  } else {
    terminal.out << cli::table(std::vector<std::string>{"CERTIFICATE", "SEVERITY", "RULE", "FOUND", "SOURCE"}, rows);
  }
  return errors ? cli::kNo : cli::kOk;
}

// --- pki verify-chain

JsonObject to_json(const PathFinding& one) {
  auto json = to_json(one.finding);
  json["certificate"] = one.certificate ? Json(std::int64_t(*one.certificate)) : Json();  // in the chain; 0 is the leaf
  return json;
}

void show(const PathAnswer& answer, const cli::Args& args, Time at, std::string_view profile, cli::Terminal& terminal) {
  if (args.flag("json")) {
    JsonArray chain, findings;
    for (const auto* one : answer.path) chain.push_back(describe(*one));
    for (const auto& one : answer.findings) findings.push_back(to_json(one));
    terminal.out << to_pretty_text(JsonObject{{"verified", answer.holds()},
                                              {"at", format_rfc3339(at)},
                                              {"profile", profile},
                                              {"chain", chain},
                                              {"findings", findings}})
                 << "\n";
    return;
  }
  terminal.out << (answer.holds() ? "verified" : "not verified") << " as of " << format_rfc3339(at) << "\n";
  for (std::size_t i = 0; i < answer.path.size(); ++i)
    terminal.out << std::string(2 * i + 2, ' ') << answer.path[i]->subject.text() << "\n";
  if (answer.findings.empty()) return;
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : answer.findings)
    rows.push_back({one.certificate && *one.certificate < answer.path.size()
                        ? answer.path[*one.certificate]->subject.text()
                        : std::string(),
                    one.finding.rule, one.finding.message, one.finding.source});
  terminal.out << cli::table(std::vector<std::string>{"CERTIFICATE", "RULE", "FOUND", "SOURCE"}, rows);
}

Result<cli::Exit> run_verify_chain(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto profile, profile_named(args.option("profile").value_or("rfc5280")));
  HF_TRY(const auto at, instant_of(args));
  HF_TRY(const auto depth, args.integer("max-depth", 10, 0, 64));
  std::vector<Unreadable> unreadable, unreadable_leaf;
  HF_TRY(const auto roots, certificates_of(args, "roots", unreadable));
  HF_TRY(auto intermediates, certificates_of(args, "intermediates", unreadable));
  HF_TRY(auto leaves, certificates_of(args, "leaf", unreadable_leaf));
  std::vector<Unreadable> unreadable_crls;
  HF_TRY(const auto crls, crls_of(args, unreadable_crls));
  for (const auto& one : unreadable) terminal.err << one.file << ": left out: " << one.message << "\n";

  PathAnswer answer;
  for (const auto* list : {&unreadable_leaf, &unreadable_crls})
    for (const auto& one : *list) answer.findings.push_back({malformed(one.file + ": " + one.message), std::nullopt});
  if (answer.findings.empty()) {
    // What follows the leaf in its file are its intermediates, as in a TLS server's file.
    for (std::size_t i = 1; i < leaves.size(); ++i) intermediates.push_back(std::move(leaves[i]));
    const auto names = args.all("dns-name");
    PathFinder finder(roots, intermediates, crls);
    answer = finder.find(leaves[0], {.at = at,
                                     .purposes = profile.path_purposes,
                                     .names = {names.begin(), names.end()},
                                     .depth_max = std::size_t(depth),
                                     .require_crls = args.flag("require-crls")});
    for (auto& finding : check_profile(Subject(leaves[0]), profile)) answer.findings.push_back({std::move(finding), 0});
  }
  show(answer, args, at, profile.name, terminal);
  return answer.holds() ? cli::kOk : cli::kNo;
}

// --- pki profiles

Result<cli::Exit> run_profiles(const cli::Args& args, cli::Terminal& terminal) {
  JsonArray list;
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, text] : embedded_profiles()) {
    if (const auto wanted = args.positional(0); !wanted.empty() && wanted != name) continue;
    const auto* const profile = find_profile(name);
    HF_TRY(auto json, parse_json(text));
    list.push_back(std::move(json));
    rows.push_back({profile->name, profile->title, profile->source});
  }
  if (list.empty()) return fail(profile_named(args.positional(0)).error());
  if (args.flag("json") || !args.positional(0).empty()) terminal.out << to_pretty_text(list) << "\n";
  else terminal.out << cli::table(std::vector<std::string>{"PROFILE", "OF", "SOURCE"}, rows);
  return cli::kOk;
}

// --- crypto verify

std::string algorithm_names() {
  std::string names;
  for (const auto& one : crypto::verification_algorithms())
    names += (names.empty() ? "" : ", ") + std::string(one.name);
  return names;
}

Result<cli::Exit> run_crypto_verify(const cli::Args& args, cli::Terminal& terminal) {
  const auto name = *args.option("algorithm");
  const auto algorithm = crypto::verification_algorithm_of(name);
  if (!algorithm)
    return fail(ErrorKind::invalid, "HF-PKI-0004",
                "there is no algorithm '" + std::string(name) + "'; there are " + algorithm_names());
  HF_TRY(const auto blocks, blocks_of(*args.option("key"), "PUBLIC KEY"));
  HF_TRY(const auto key, crypto::VerificationKey::of_spki(blocks[0]));
  HF_TRY(const auto signature, read_file(*args.option("signature"), kSignatureMax));
  HF_TRY(const auto message, read_file(args.positional(0), kPemFileMax));
  const bool verified = key.verify(*algorithm, message, signature);
  const auto weakness = key.weakness();
  if (args.flag("json")) {
    JsonObject json{{"verified", verified}, {"algorithm", algorithm->name}, {"key", key.name()}};
    if (!weakness.empty()) json["weakness"] = weakness;
    terminal.out << to_pretty_text(json) << "\n";
  } else {
    terminal.out << (verified ? "verified" : "not verified") << "\n";
    if (!weakness.empty()) terminal.err << "the key is weak: " << weakness << "\n";
  }
  return verified ? cli::kOk : cli::kNo;
}

}  // namespace

std::span<const cli::Command> commands() {
  static const cli::Option json{.name = "json", .value = {}, .help = "print JSON"};
  static const std::vector<cli::Command> list{
      {{.name = "pki lint",
        .summary = "Hold certificates against RFC 5280 and a profile",
        .details = "Each rule that does not hold is shown with its clause. Exit code 1 when one of them is an error.\n"
                   "Warnings and notices are what a certificate should be and is not.",
        .positionals = {{.name = "CERT", .help = "PEM, several in a file allowed, or DER", .repeatable = true}},
        .options = {{.name = "profile", .value = "PROFILE", .help = "see holdfast pki profiles; or a file of JSON"},
                    json},
        .examples = {"holdfast pki lint device.pem --profile idevid", "holdfast pki lint *.pem --json"}},
       &run_lint},
      {{.name = "pki verify-chain",
        .summary = "Verify a certificate up to a trusted root, as RFC 5280 has it",
        .details =
            "Exit code 0 when a path holds, 1 when none does. Every certificate of the path, the root too, must\n"
            "keep the MUSTs of RFC 5280 section 4; OpenSSL alone overlooks some of them. CRLs that are given\n"
            "must be good and current for whatever their issuer issued. Nothing is fetched.",
        .options =
            {{.name = "roots", .value = "FILE", .help = "trusted certificates", .required = true, .repeatable = true},
             {.name = "intermediates", .value = "FILE", .help = "others that may stand between", .repeatable = true},
             {.name = "leaf", .value = "FILE", .help = "what is verified", .required = true},
             {.name = "crls", .value = "FILE", .help = "CRLs", .repeatable = true},
             {.name = "require-crls", .value = {}, .help = "each certificate but the root needs a CRL"},
             {.name = "at", .value = "INSTANT", .help = "RFC 3339; else now"},
             {.name = "profile", .value = "PROFILE", .help = "of the leaf: see holdfast pki profiles; else rfc5280"},
             {.name = "dns-name", .value = "NAME", .help = "host or address it must be for", .repeatable = true},
             {.name = "max-depth", .value = "N", .help = "certificates between leaf and root; else 10"},
             json},
        .examples = {"holdfast pki verify-chain --roots root.pem --intermediates ca.pem --leaf device.pem",
                     "holdfast pki verify-chain --roots root.pem --leaf chain.pem --at 2026-11-28T12:00:00Z "
                     "--profile idevid --json"}},
       &run_verify_chain},
      {{.name = "pki profiles",
        .summary = "List the certificate profiles, or show one",
        .details = "A profile of your own is a file of the same form.",
        .positionals = {{.name = "PROFILE", .help = "show this one as JSON", .required = false}},
        .options = {json},
        .examples = {"holdfast pki profiles", "holdfast pki profiles matter-dac"}},
       &run_profiles},
      {{.name = "crypto verify",
        .summary = "Verify one signature over a file with a public key",
        .details =
            "ECDSA signatures are in DER (Ecdsa-Sig-Value), or with \"-p1363\" r || s. RSASSA-PSS has MGF1 with the\n"
            "same hash and a salt of the hash's size. Exit code 1 when it does not verify, 3 when the key is none.\n"
            "Algorithms: ed25519, ed448, ecdsa-{p256,p384,p521}-{sha256,sha384,sha512}[-p1363],\n"
            "rsa-{pkcs1,pss}-{sha256,sha384,sha512}.",
        .positionals = {{.name = "FILE", .help = "what was signed"}},
        .options = {{.name = "algorithm", .value = "ALGORITHM", .help = "how it was signed", .required = true},
                    {.name = "key", .value = "FILE", .help = "SubjectPublicKeyInfo, PEM or DER", .required = true},
                    {.name = "signature", .value = "FILE", .help = "the signature's bytes", .required = true},
                    json},
        .examples = {"holdfast crypto verify --algorithm ecdsa-p256-sha256 --key key.pem --signature app.sig app.bin"}},
       &run_crypto_verify},
  };
  return list;
}

}  // namespace hf::pki
