#include "vuln/identity/cli.h"

#include <array>
#include <istream>
#include <ostream>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "vuln/identity/cpe.h"
#include "vuln/identity/purl.h"
#include "vuln/version/order.h"
#include "vuln/version/vers.h"

namespace hf::vuln {
namespace {

constexpr cli::Option kBatch{
    .name = "batch", .value = "", .help = "read the arguments from standard input, tab-separated, one case a line"};

// Every line of standard input, without its line end, as its two tab-separated fields.
template <class Answer>
Result<cli::Exit> for_each_pair(cli::Terminal& terminal, Answer answer) {
  for (std::string line; std::getline(terminal.in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const auto fields = split(line, '\t');
    if (fields.size() != 2) terminal.out << "!\n";
    else answer(fields[0], fields[1]);
  }
  return cli::kOk;
}

Result<void> want(const cli::Args& args, std::size_t count, std::string_view what) {
  if (args.positionals().size() == count) return {};
  return fail(ErrorKind::invalid, "HF-CLI-0001", std::string(what));
}

std::string_view sign_of(std::optional<std::strong_ordering> order) {
  return !order ? "?" : *order < 0 ? "<" : *order > 0 ? ">" : "=";
}

Result<cli::Exit> version_compare(const cli::Args& args, cli::Terminal& terminal) {
  const auto scheme = scheme_of_name(args.positional(0));
  if (!scheme) {
    std::string known;
    for (const auto each : schemes()) known += (known.empty() ? "" : ", ") + std::string(name_of(each));
    return fail(ErrorKind::invalid, "HF-VERSION-0001",
                "there is no versioning scheme " + std::string(args.positional(0)) + "; there are " + known);
  }
  if (args.flag("batch")) {
    HF_CHECK(want(args, 1, "with --batch only the scheme is given"));
    return for_each_pair(terminal, [&](std::string_view a, std::string_view b) {
      terminal.out << sign_of(compare(*scheme, a, b)) << "\n";
    });
  }
  HF_CHECK(want(args, 3, "two versions are compared: holdfast version compare SCHEME A B"));
  for (const auto version : {args.positional(1), args.positional(2)})
    if (!is_version(*scheme, version) && *scheme != Scheme::opaque)
      return fail(ErrorKind::invalid, "HF-VERSION-0002",
                  "not a version of the scheme " + std::string(name_of(*scheme)) + ": " + std::string(version));
  terminal.out << sign_of(compare(*scheme, args.positional(1), args.positional(2))) << "\n";
  return cli::kOk;
}

Result<cli::Exit> vers_contains(const cli::Args& args, cli::Terminal& terminal) {
  if (args.flag("batch")) {
    HF_CHECK(want(args, 0, "with --batch nothing else is given"));
    return for_each_pair(terminal, [&](std::string_view text, std::string_view version) {
      const auto vers = Vers::parse(text);
      terminal.out << (vers ? name_of(contains(vers->to_range(), version)) : "invalid") << "\n";
    });
  }
  HF_CHECK(want(args, 2, "a range and a version: holdfast vers contains VERS VERSION"));
  HF_TRY(const auto vers, Vers::parse(args.positional(0)));
  const auto verdict = contains(vers.to_range(), args.positional(1));
  terminal.out << name_of(verdict) << "\n";
  return verdict == Verdict::inside ? cli::kOk : verdict == Verdict::outside ? cli::kNo : cli::kInvalid;
}

Result<cli::Exit> cpe_match(const cli::Args& args, cli::Terminal& terminal) {
  if (args.flag("batch")) {
    HF_CHECK(want(args, 0, "with --batch nothing else is given"));
    return for_each_pair(terminal, [&](std::string_view a, std::string_view b) {
      const auto source = Cpe::parse(a), target = Cpe::parse(b);
      terminal.out << (source && target ? name_of(compare(*source, *target)) : "invalid") << "\n";
    });
  }
  HF_CHECK(want(args, 2, "two names are matched: holdfast cpe match SOURCE TARGET"));
  HF_TRY(const auto source, Cpe::parse(args.positional(0)));
  HF_TRY(const auto target, Cpe::parse(args.positional(1)));
  terminal.out << name_of(compare(source, target)) << "\n";
  return covers(source, target) ? cli::kOk : cli::kNo;
}

JsonObject json_of(const Purl& purl) {
  JsonObject json;
  json["purl"] = purl.to_text();
  json["type"] = purl.type;
  if (!purl.ns.empty()) json["namespace"] = purl.ns;
  json["name"] = purl.name;
  if (!purl.version.empty()) json["version"] = purl.version;
  if (!purl.qualifiers.empty()) {
    JsonObject qualifiers;
    for (const auto& [key, value] : purl.qualifiers) qualifiers[key] = value;
    json["qualifiers"] = std::move(qualifiers);
  }
  if (!purl.subpath.empty()) json["subpath"] = purl.subpath;
  json["scheme"] = name_of(scheme_of_purl_type(purl.type));
  return json;
}

Result<cli::Exit> purl_parse(const cli::Args& args, cli::Terminal& terminal) {
  const PurlLimits limits{.strict = args.flag("strict")};
  if (args.flag("batch")) {
    HF_CHECK(want(args, 0, "with --batch nothing else is given"));
    for (std::string line; std::getline(terminal.in, line);) {
      if (line.ends_with('\r')) line.pop_back();
      const auto purl = Purl::parse(line, limits);
      terminal.out << hf::to_text(purl ? json_of(*purl)
                                       : JsonObject{{"code", purl.error().code}, {"error", purl.error().message}})
                   << "\n";
    }
    return cli::kOk;
  }
  HF_CHECK(want(args, 1, "one package URL: holdfast purl parse PURL"));
  HF_TRY(const auto purl, Purl::parse(args.positional(0), limits));
  terminal.out << to_pretty_text(json_of(purl)) << "\n";
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> identity_commands() {
  static const std::array<cli::Command, 4> commands{{
      {{.name = "version compare",
        .summary = "Say which of two versions is the newer one",
        .details =
            "Prints <, = or >. With --batch a line each, and ? where one of the two is not a version of the scheme.",
        .positionals = {{.name = "SCHEME",
                         .help = "generic, semver, npm, pypi, maven, deb, rpm, apk, openssl, kernel, ..."},
                        {.name = "A", .help = "a version", .required = false},
                        {.name = "B", .help = "a version", .required = false}},
        .options = {kBatch},
        .examples = {"holdfast version compare openssl 1.1.1w 3.0.11",
                     "holdfast version compare deb --batch < pairs.tsv"}},
       &version_compare},
      {{.name = "vers contains",
        .summary = "Say whether a version is inside a version range",
        .details = "Prints inside, outside or unknown, and exits with 0, 1 or 3. Unknown is not outside: a bound or "
                   "the version\n"
                   "could not be read.",
        .positionals =
            {{.name = "VERS", .help = "a version range specifier: vers:SCHEME/CONSTRAINTS", .required = false},
             {.name = "VERSION", .help = "a version", .required = false}},
        .options = {kBatch},
        .examples = {"holdfast vers contains 'vers:deb/>=1.0|<1.2-3' 1.1"}},
       &vers_contains},
      {{.name = "cpe match",
        .summary = "Say how the set of products that one CPE name means stands to that of another",
        .details = "Prints disjoint, equal, subset, superset or undefined (NISTIR 7696). Exits with 0 if the first "
                   "name covers\n"
                   "the second, else with 1.",
        .positionals =
            {{.name = "SOURCE", .help = "a CPE 2.3 name or 2.2 URI, as an advisory has it", .required = false},
             {.name = "TARGET", .help = "a CPE 2.3 name or 2.2 URI, as a component has it", .required = false}},
        .options = {kBatch},
        .examples = {"holdfast cpe match 'cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*' "
                     "'cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*'"}},
       &cpe_match},
      {{.name = "purl parse",
        .summary = "Take a package URL apart",
        .details = "Prints the canonical text, the parts and the versioning scheme as JSON. Reads kindly what "
                   "documents from the\n"
                   "field hold; --strict refuses whatever ECMA-427 or the type definition forbids.",
        .positionals = {{.name = "PURL", .help = "a package URL", .required = false}},
        .options = {kBatch, {.name = "strict", .value = "", .help = "hold the package URL to its type definition"}},
        .examples = {"holdfast purl parse pkg:yocto/core/glibc@2.35"}},
       &purl_parse},
  }};
  return commands;
}

}  // namespace hf::vuln
