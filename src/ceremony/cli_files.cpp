// Scripts, requests and transcripts as files: nothing here needs an installation or a machine.
#include <charconv>
#include <ostream>

#include "ceremony/cli.h"
#include "ceremony/result.h"
#include "ceremony/template.h"
#include "crypto/random.h"
#include "crypto/verification.h"
#include "keys/formats/file.h"
#include "pki/key_request.h"
#include "pki/profile_digest.h"

namespace hf::ceremony {

Result<Bytes> read_file(std::string_view name, std::size_t max) {
  HF_TRY(const auto file, keys::SourceFile::open(std::string(name)));
  return file.read_all(max);
}

Result<void> write_file(std::string_view name, ByteView bytes) {
  HF_TRY(auto file, keys::TargetFile::create(std::string(name)));
  HF_CHECK(file.write(bytes));
  return file.keep();
}

Result<Bytes> der_of_file(std::string_view name, std::string_view label) {
  constexpr std::size_t kFileMax = 256U << 10;
  constexpr std::uint8_t kSequence = 0x30;
  HF_TRY(auto bytes, read_file(name, kFileMax));
  if (!bytes.empty() && bytes[0] == kSequence) return bytes;
  HF_TRY(auto blocks, crypto::pem_blocks(text_of(bytes), label));
  if (blocks.empty())
    return fail(ErrorKind::invalid, "HF-CEREMONY-0021",
                std::string(name) + " holds no \"BEGIN " + std::string(label) + "\" and is no DER");
  return std::move(blocks.front());
}

Result<std::vector<crypto::PublicKey>> public_keys_of(std::span<const std::string> files) {
  std::vector<crypto::PublicKey> keys;
  for (const auto& file : files) {
    HF_TRY(const auto spki, der_of_file(file, "PUBLIC KEY"));
    HF_TRY(keys.emplace_back(), crypto::public_key_of_spki(spki));
  }
  return keys;
}

std::string table_of(const Transcript& transcript) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : transcript.done())
    rows.push_back({std::to_string(one.position + 1), one.step, std::string(name_of(one.outcome)), one.actor,
                    keys::joined(one.witnesses), one.expected.value_or("-"), one.actual.value_or("-"),
                    format_rfc3339(one.at)});
  return cli::table(std::vector<std::string>{"step", "id", "outcome", "actor", "witnesses", "expected", "actual", "at"},
                    rows);
}

namespace {

constexpr cli::Option kJson{"json", "", "Print JSON"};
constexpr cli::Option kTrust{"manufacturer-key", "FILE", "A public key whose scripts are trusted, PEM or DER", false,
                             true};

Result<Json> template_of(std::string_view name) {
  if (name.find('/') == std::string_view::npos && !name.ends_with(".json")) return template_named(name);
  HF_TRY(const auto text, read_file(name, kScriptFileMax));
  return parse_json(text_of(text));
}

Result<cli::Exit> scripts(const cli::Args& args, cli::Terminal& terminal) {
  if (!args.positional(0).empty()) {
    HF_TRY(const auto source, template_of(args.positional(0)));
    terminal.out << to_pretty_text(source) << "\n";
    return cli::kOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, text] : embedded_scripts()) {
    HF_TRY(const auto source, parse_json(text));
    rows.push_back({std::string(name), std::string(keys::text_at(source.as_object(), "purpose")),
                    keys::joined(places_of(source))});
  }
  terminal.out << cli::table(std::vector<std::string>{"script", "purpose", "places"}, rows);
  return cli::kOk;
}

Result<cli::Exit> prepare(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto source, template_of(args.positional(0)));
  Filling filling;
  for (const auto& one : args.all("set")) {
    const auto equals = one.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(ErrorKind::invalid, "HF-CLI-0001", "--set takes NAME=VALUE");
    filling.values.insert_or_assign(one.substr(0, equals), one.substr(equals + 1));
  }
  if (const auto people = args.option("people")) {
    HF_TRY(const auto text, read_file(*people, kScriptFileMax));
    HF_TRY(filling.people, parse_json(text_of(text)));
  }
  HF_TRY(const auto script, fill(source, filling));
  HF_CHECK(write_file(*args.option("out"), bytes_of(keys::canonical(script))));
  terminal.out << keys::digest_of(script) << "\n";
  terminal.err << "not approved yet: holdfast sign request " << *args.option("out") << " --format ceremony-script\n";
  return cli::kOk;
}

// A script as it is approved, or in its envelope.
Result<cli::Exit> check(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto text, read_file(args.positional(0), kScriptFileMax));
  HF_TRY(const auto trusted, public_keys_of(args.all("manufacturer-key")));
  const bool enveloped = text_of(text).find("\"payloadType\"") != std::string_view::npos;
  std::string approved = "nobody yet";
  CeremonyScript script;
  if (!enveloped) {
    if (!trusted.empty())
      return fail(ErrorKind::invalid, "HF-CEREMONY-0005", "the script is in no envelope: nobody has approved it");
    HF_TRY(script, keys::ceremony_script_of(text));
  } else if (trusted.empty()) {
    HF_TRY(const auto envelope, keys::read_envelope(text, keys::kCeremonyScriptType));
    HF_TRY(script, keys::ceremony_script_of(envelope.payload));
    approved = "not asked: name the key with --manufacturer-key";
  } else {
    HF_TRY(script, approved_script(text, trusted));
    approved = "a key that you named";
  }
  if (args.flag("json")) terminal.out << to_text(keys::to_json(script)) << "\n";
  else
    terminal.out << to_pretty_text(keys::facts_of(script)) << "\n\nscript       " << keys::digest_of(script)
                 << "\nsigned by    " << approved << "\n";
  return cli::kOk;
}

Result<cli::Exit> verify(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto text, read_file(args.positional(0), kTranscriptFileMax));
  HF_TRY(const auto trusted, public_keys_of(args.all("manufacturer-key")));
  HF_TRY(const auto read, read_transcript(text_of(text)));
  const auto& transcript = read.transcript;
  if (!trusted.empty()) HF_CHECK(approved_script(bytes_of(transcript.envelope()), trusted));
  terminal.out << transcript.script().title << "\nscript       " << transcript.script_sha256() << "\nrun          "
               << transcript.run() << "\nlines        " << read.head.lines << ", head " << to_hex(read.head.hash)
               << "\n\n"
               << table_of(transcript);
  for (const auto& one : transcript.attempts())
    terminal.out << "\n"
                 << one.step << " " << one.outcome << " at " << format_rfc3339(one.at) << ": " << one.detail << "\n";
  if (transcript.over()) return cli::kOk;
  terminal.out << "\nnot at its end: the next step is " << transcript.next()->id << "\n";
  return cli::kNo;
}

Result<keys::CaRequest> request_for(const cli::Args& args) {
  HF_TRY(const auto ca, der_of_file(*args.option("ca"), "CERTIFICATE"));
  HF_CHECK(crypto::x509::certificate_of(ca));
  constexpr std::size_t kId = 16;
  return keys::CaRequest{.id = to_hex(crypto::random_bytes(kId)),
                         .ca_sha256 = to_hex(crypto::sha256({ca})),
                         .reason = std::string(args.option("reason").value_or("")),
                         .requested_at = SystemClock().now()};
}

Result<cli::Exit> write_request(const keys::CaRequest& request, const cli::Args& args, cli::Terminal& terminal) {
  const auto text = keys::canonical(request);
  HF_CHECK(keys::ca_request_of(bytes_of(text)));
  HF_CHECK(write_file(*args.option("out"), bytes_of(text)));
  terminal.out << to_hex(crypto::sha256({bytes_of(text)})) << "\n";
  terminal.err << "not signed yet: holdfast sign request " << *args.option("out") << " --format ca-request\n";
  return cli::kOk;
}

std::vector<std::string> all_of(const cli::Args& args, std::string_view option) {
  const auto all = args.all(option);
  return {all.begin(), all.end()};
}

Result<cli::Exit> request_certificate(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(auto request, request_for(args));
  keys::CertificateWish wish{.profile = std::string(args.option("profile").value_or("issuing-ca")),
                             .crls = all_of(args, "crl-uri"),
                             .ocsp = all_of(args, "ocsp-uri"),
                             .issuers = all_of(args, "ca-uri")};
  const auto digest = pki::profile_digest(wish.profile);
  if (!digest)
    return fail(ErrorKind::not_found, "HF-PKI-0002",
                "there is no profile '" + wish.profile + "'; see holdfast pki profiles");
  wish.profile_sha256 = *digest;
  const bool of_key = args.option("subject") || args.option("key");
  if (of_key ? !(args.option("subject") && args.option("key") && args.positionals().empty())
             : args.positionals().size() != 1)
    return fail(ErrorKind::invalid, "HF-PKI-0012", "give one request, or --subject and --key of a key on a token");
  if (of_key) {
    HF_TRY(const auto spki, der_of_file(*args.option("key"), "PUBLIC KEY"));
    HF_TRY(const auto key, crypto::public_key_of_spki(spki));
    HF_TRY(const auto csr, pki::request_of_key(*args.option("subject"), key));
    wish.csr = csr.der;
  } else {
    HF_TRY(wish.csr, der_of_file(args.positional(0), "CERTIFICATE REQUEST"));
  }
  if (const auto until = args.option("until")) {
    HF_TRY(wish.not_after, parse_rfc3339(*until));
  }
  request.wish = std::move(wish);
  return write_request(request, args, terminal);
}

// Lines of "serial,instant[,reason]", as pki prepare-crl has them.
Result<std::vector<keys::CrlWish::Entry>> revoked_of(std::string_view text) {
  std::vector<keys::CrlWish::Entry> list;
  std::size_t number = 0;
  for (auto line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with("serial,")) continue;
    const auto cells = split(line, ',');
    const auto serial = from_hex(std::string(trim(cells[0])));
    const auto at =
        cells.size() > 1 ? parse_rfc3339(trim(cells[1])) : Result<Time>(fail(ErrorKind::invalid, "HF-TIME-0001", ""));
    std::int64_t reason = 0;
    const auto digits = cells.size() > 2 ? trim(cells[2]) : std::string_view("0");
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), reason);
    if (!serial || serial->empty() || !at || cells.size() > 3 || wrong != std::errc() ||
        end != digits.data() + digits.size())
      return fail(
          ErrorKind::invalid, "HF-CEREMONY-0022",
          "line " + std::to_string(number) + " is not serial,instant[,reason]: hexadecimal, RFC 3339, a CRLReason");
    list.push_back({to_hex(*serial), *at, reason});
  }
  std::ranges::sort(list, {}, &keys::CrlWish::Entry::serial);
  return list;
}

Result<cli::Exit> request_crl(const cli::Args& args, cli::Terminal& terminal) {
  constexpr std::int64_t kNumberMax = std::int64_t{1} << 52, kHoursMax = 24 * 366, kHours = 24 * 90;
  HF_TRY(auto request, request_for(args));
  keys::CrlWish wish;
  HF_TRY(wish.number, args.integer("number", 0, 1, kNumberMax));
  HF_TRY(wish.hours, args.integer("hours", kHours, 1, kHoursMax));
  if (const auto file = args.option("revoked")) {
    HF_TRY(const auto text, read_file(*file, kScriptFileMax));
    HF_TRY(wish.revoked, revoked_of(text_of(text)));
  }
  request.wish = std::move(wish);
  return write_request(request, args, terminal);
}

}  // namespace

std::span<const cli::Command> file_commands() {
  static const cli::Option kCa{"ca", "FILE", "The certificate of the offline CA, PEM or DER", true};
  static const cli::Option kOut{"out", "FILE", "The request, to be approved and signed", true};
  static const cli::Option kReason{"reason", "TEXT", "Why, for those who approve"};
  static const std::vector<cli::Command> list{
      {{"ceremony scripts",
        "List the scripts that come with Holdfast, or print one",
        "",
        {{"NAME", "One of them, or a file", false}},
        {},
        {"holdfast ceremony scripts root-ca"}},
       scripts},
      {{"ceremony prepare",
        "Fill a script's places and write it as it is approved",
        "A place is {name} within a text. The file of --people is a list of person, name, roles, kind and public_key "
        "(PEM), as in a\ncharter. Prints the script's digest, which is the ceremony's name.",
        {{"SCRIPT", "One that comes with Holdfast, or a file"}},
        {{"set", "NAME=VALUE", "What stands in a place", false, true},
         {"people", "FILE", "Who fills the roles, with their credentials"},
         {"out", "FILE", "The script, to be approved", true}},
        {"holdfast ceremony prepare root-ca --people people.json --set key=root --set 'place=Brno, room 2' --out "
         "root.json"}},
       prepare},
      {{"ceremony check",
        "Check a script, and show all of it as people approve it",
        "",
        {{"SCRIPT", "As 'ceremony prepare' wrote it, or in its envelope"}},
        {kTrust, kJson},
        {"holdfast ceremony check root.dsse.json --manufacturer-key ceremonies.pub.pem"}},
       check},
      {{"ceremony verify",
        "Verify a transcript: script, order, people, signatures, and what was made",
        "Exit code 1 if it holds and the ceremony is not at its end.",
        {{"TRANSCRIPT", "The file"}},
        {kTrust},
        {"holdfast ceremony verify transcript --manufacturer-key ceremonies.pub.pem"}},
       verify},
      {{"ceremony request-certificate",
        "Write a request to an offline CA: a PKCS #10 request or a key, with the profile that is wanted",
        "With --key the request is then signed by that key, under its charter (formats ca-request, kinds "
        "ca_certificate_request):\nthat proves possession. Prints the digest that the ceremony's script names.",
        {{"CSR", "PKCS #10, PEM or DER", false}},
        {kCa,
         {"profile", "PROFILE", "That is wanted (default: issuing-ca)"},
         {"subject", "NAME", "Instead of a request, with --key"},
         {"key", "FILE", "The public key of a key on a token"},
         {"until", "INSTANT", "RFC 3339; else as script and profile have it"},
         {"crl-uri", "URI", "Where the offline CA's CRL is", false, true},
         {"ocsp-uri", "URI", "Where its OCSP responder is", false, true},
         {"ca-uri", "URI", "Where its certificate is", false, true},
         kReason,
         kOut},
        {"holdfast ceremony request-certificate --ca root.pem --subject 'CN=Device CA,O=Example' --key devices.pub.pem "
         "--out request.json"}},
       request_certificate},
      {{"ceremony request-crl",
        "Write a request to an offline CA for its next CRL",
        "The file of --revoked has lines of \"serial,instant[,reason]\", as for 'holdfast pki prepare-crl'.",
        {},
        {kCa,
         {"number", "N", "Above that of every CRL before", true},
         {"revoked", "FILE", "Else nothing is revoked"},
         {"hours", "N", "Until the next one (default: 90 days)"},
         kReason,
         kOut},
        {"holdfast ceremony request-crl --ca root.pem --number 2 --revoked revoked.csv --out request.json"}},
       request_crl},
  };
  return list;
}

}  // namespace hf::ceremony
