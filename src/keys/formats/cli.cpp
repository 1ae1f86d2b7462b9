#include "keys/formats/cli.h"

#include <algorithm>
#include <ostream>

#include "crypto/cms.h"
#include "keys/formats/file.h"
#include "keys/formats/formats.h"

namespace hf::keys {
namespace {

constexpr std::size_t kPemMax = 1U << 20;

Result<const Format*> format_of(const cli::Args& args) {
  const auto name = args.option("format");
  if (!name) return recognize_format(std::string(args.positional(0)));
  const auto* format = find_format(*name);
  if (!format)
    return fail(ErrorKind::not_found, "HF-FORMAT-0013",
                "there is no format '" + std::string(*name) + "'; there are " + format_names());
  return format;
}

Result<JsonObject> options_of(const cli::Args& args, const Format& format) {
  JsonObject options;
  for (const auto& text : args.all("option")) {
    const auto at = text.find('=');
    if (at == std::string::npos || at == 0)
      return fail(ErrorKind::invalid, "HF-FORMAT-0014", "--option is written NAME=VALUE");
    options[text.substr(0, at)] = text.substr(at + 1);
  }
  // To look at a file is not to sign it: one that is signed already shows what is in it.
  const auto known = format.options();
  if (std::ranges::find(known, "replace", &Option::name) != known.end() && !options.contains("replace"))
    options["replace"] = "true";
  return options;
}

std::string text_of_fact(const Json& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  return to_text(value);
}

void write_view(const View& view, std::ostream& out) {
  std::vector<std::vector<std::string>> rows{{"format", view.format}, {"kind", view.kind}};
  if (view.version) rows.push_back({"version", *view.version});
  if (view.security_version) rows.push_back({"security version", std::to_string(*view.security_version)});
  for (const auto& text : view.compatible) rows.push_back({"compatible", text});
  for (const auto& text : view.digests) rows.push_back({"digest", text});
  for (const auto& [name, value] : view.facts) {
    std::string label(name);
    std::ranges::replace(label, '_', ' ');
    if (const auto* list = value.if_array())
      for (const auto& item : *list) rows.push_back({label, text_of_fact(item)});
    else rows.push_back({label, text_of_fact(value)});
  }
  if (view.digest_only) rows.push_back({"note", "a signer sees a digest, and nothing of what it is of"});
  else if (view.claimed) rows.push_back({"note", "a signer sees this, but only the whole file proves it"});
  out << cli::table(std::vector<std::string>{"FACT", "VALUE"}, rows);
}

void show(const View& view, const cli::Args& args, cli::Terminal& terminal) {
  if (args.flag("json")) terminal.out << to_pretty_text(to_json(view)) << "\n";
  else write_view(view, terminal.out);
}

Result<cli::Exit> run_show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto* format, format_of(args));
  HF_TRY(const auto options, options_of(args, *format));
  HF_TRY(const auto evidence, format->evidence(std::string(args.positional(0)), options));
  HF_TRY(const auto view, format->view(evidence));
  show(view, args, terminal);
  return cli::kOk;
}

Result<Trust> trust_of(const cli::Args& args) {
  Trust trust;
  for (const auto& name : args.all("key")) {
    HF_TRY(const auto file, SourceFile::open(name));
    HF_TRY(const auto pem, file.read_all(kPemMax));
    HF_TRY(auto key, crypto::public_key_of_pem(text_of(pem)));
    trust.keys.push_back(std::move(key));
  }
  for (const auto& name : args.all("certificate")) {
    HF_TRY(const auto file, SourceFile::open(name));
    HF_TRY(const auto pem, file.read_all(kPemMax));
    HF_TRY(auto der, crypto::certificate_of_pem(text_of(pem)));
    HF_TRY(auto facts, crypto::facts_of_certificate(der));
    trust.certificates.push_back(std::move(der));
    trust.keys.push_back(std::move(facts.key));  // for the formats that know no certificates
  }
  if (trust.keys.empty())
    return fail(ErrorKind::invalid, "HF-FORMAT-0015", "give --key or --certificate: whose signature is it to be?");
  return trust;
}

Result<cli::Exit> run_verify(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto* format, format_of(args));
  HF_TRY(const auto trust, trust_of(args));
  const std::string file(args.positional(0));
  const auto suffix = format->detached_suffix();
  const auto signature = args.option("signature");
  if (suffix.empty() && signature)
    return fail(ErrorKind::invalid, "HF-FORMAT-0016",
                "the signature of the format " + std::string(format->name()) + " is in the file itself");
  const auto view = format->verify(
      {file, suffix.empty() ? std::string() : std::string(signature.value_or(file + std::string(suffix)))}, trust);
  if (!view && view.error().code == "HF-FORMAT-0001") {
    if (args.flag("json"))
      terminal.out << to_pretty_text(JsonObject{{"verified", false}, {"reason", view.error().message}}) << "\n";
    else terminal.out << view.error().message << "\n";
    return cli::kNo;
  }
  if (!view) return fail(view.error());
  if (args.flag("json"))
    terminal.out << to_pretty_text(JsonObject{{"verified", true}, {"view", to_json(*view)}}) << "\n";
  else {
    terminal.out << "verified\n";
    write_view(*view, terminal.out);
  }
  return cli::kOk;
}

Result<cli::Exit> run_formats(const cli::Args& args, cli::Terminal& terminal) {
  JsonArray list;
  std::vector<std::vector<std::string>> rows;
  for (const auto* format : formats()) {
    std::string schemes;
    JsonArray scheme_list, options;
    for (const auto scheme : format->schemes()) {
      schemes += (schemes.empty() ? "" : " ") + std::string(name_of(scheme));
      scheme_list.emplace_back(name_of(scheme));
    }
    for (const auto& option : format->options())
      options.push_back(JsonObject{{"name", option.name}, {"help", option.help}});
    rows.push_back({std::string(format->name()), std::string(format->summary()), schemes});
    list.push_back(JsonObject{{"name", format->name()},
                              {"summary", format->summary()},
                              {"schemes", scheme_list},
                              {"needs_certificate", format->needs_certificate()},
                              {"detached_suffix", format->detached_suffix()},
                              {"signatures", std::int64_t(format->signatures())},
                              {"options", options}});
  }
  if (args.flag("json")) terminal.out << to_pretty_text(list) << "\n";
  else terminal.out << cli::table(std::vector<std::string>{"FORMAT", "OF", "SIGNED WITH"}, rows);
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> artifact_commands() {
  static const cli::Option json{.name = "json", .value = {}, .help = "print JSON"};
  static const cli::Option format{
      .name = "format", .value = "FORMAT", .help = "see holdfast artifact formats; else it is guessed"};
  static const std::vector<cli::Command> list{
      {{.name = "artifact show",
        .summary = "Show what a policy and an approver would see of an artifact",
        .details = "Reads a firmware image, bundle, manifest or document, signed or not, as its format says.\n"
                   "Nothing is verified: holdfast artifact verify does that.",
        .positionals = {{.name = "FILE", .help = "the artifact"}},
        .options = {format,
                    {.name = "option",
                     .value = "NAME=VALUE",
                     .help = "of the format: version=1.2.3 for a plain binary to become an MCUboot image",
                     .repeatable = true},
                    json},
        .examples =
            {"holdfast artifact show app.signed.bin",
             "holdfast artifact show app.bin --format mcuboot --option version=1.2.3 --option pad-header=true"}},
       &run_show},
      {{.name = "artifact verify",
        .summary = "Verify an artifact's signature, and that all it binds is as it says",
        .details =
            "Exit code 1 when the signature does not hold or is by nobody who is trusted, 3 when the file is not\n"
            "as its format says. Formats on CMS (RFC 5652) need --certificate: the signer's, or one that its\n"
            "chain leads to.",
        .positionals = {{.name = "FILE", .help = "the signed file"}},
        .options = {{.name = "key", .value = "PEM", .help = "a public key that is trusted", .repeatable = true},
                    {.name = "certificate", .value = "PEM", .help = "an X.509 certificate that is", .repeatable = true},
                    {.name = "signature",
                     .value = "FILE",
                     .help = "a detached signature; else it is looked for beside the file"},
                    format,
                    json},
        .examples = {"holdfast artifact verify app.signed.bin --key release.pub.pem",
                     "holdfast artifact verify update.swu --certificate ca.pem --json"}},
       &run_verify},
      {{.name = "artifact formats",
        .summary = "List the formats that can be signed and verified",
        .details = "With --json also the options of each.",
        .options = {json},
        .examples = {"holdfast artifact formats"}},
       &run_formats},
  };
  return list;
}

}  // namespace hf::keys
