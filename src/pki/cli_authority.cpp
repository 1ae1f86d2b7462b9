// Certificate authorities of an installation: pki ca add, list, show, freeze, unfreeze; and what will end.
#include <algorithm>
#include <ostream>

#include "instance/instance.h"
#include "pki/cli.h"
#include "pki/cli_files.h"
#include "pki/register_json.h"

namespace hf::pki {
namespace {

constexpr cli::Option kJson{"json", "", "Print JSON"};
const cli::Positional kName{"NAME", "The CA's name"};

std::vector<std::string> all_of(const cli::Args& args, std::string_view option) {
  const auto all = args.all(option);
  return {all.begin(), all.end()};
}

// "current", "stale: 0, 3", "none".
std::string crls_text(const CrlStanding& crls) {
  if (crls.stale.empty()) return crls.due ? "current until " + format_rfc3339(*crls.due) : "none yet";
  std::string text;
  for (const auto shard : crls.stale) text += (text.empty() ? "STALE: shard " : ", ") + std::to_string(shard);
  return text;
}

Result<cli::Exit> add(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto certificate, certificate_in(*args.option("certificate")));
  NewAuthority wanted{
      .name = std::string(args.positional(0)),
      .certificate = certificate.der,
      .key = std::string(*args.option("key")),
      .profiles = {},
      .publication = {
          .crls = all_of(args, "crl-uri"), .ocsp = all_of(args, "ocsp-uri"), .issuers = all_of(args, "ca-uri")}};
  HF_TRY(wanted.shards, args.integer("crl-shards", 1, 1, 256));
  for (const auto& name : args.all("profile")) {
    HF_TRY(auto document, profile_document_named(name));
    wanted.profiles.push_back(std::move(document));
  }
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  Registry registry(instance->database(), instance->clock());
  HF_TRY(const auto made, registry.add(wanted, instance::cli_actor()));
  HF_CHECK(instance->log().advance());
  terminal.out << "CA           " << made.stored.name << "\nsubject      " << made.stored.subject << "\nSHA-256      "
               << made.stored.sha256 << "\nkey          " << made.stored.key << "\nentry        " << made.stored.entry
               << "\n";
  return cli::kOk;
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Registry registry(instance->database(), instance->clock());
  HF_TRY(const auto all, registry.authorities());
  bool stale = false;
  std::vector<std::vector<std::string>> rows;
  for (const auto& sight : all) {
    stale = stale || !sight.crls.stale.empty();
    if (args.flag("json")) terminal.out << to_text(to_json(sight)) << "\n";
    const auto& ca = sight.authority;
    rows.push_back({ca.stored.name, ca.stored.subject, ca.stored.key, ca.stored.frozen ? "frozen" : "active",
                    format_rfc3339(ca.certificate.validity.not_after), crls_text(sight.crls)});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty()
                         ? "there is no CA yet; 'holdfast pki ca add' makes one known\n"
                         : cli::table(std::vector<std::string>{"ca", "subject", "key", "state", "not_after", "crls"},
                                      rows));
  return stale ? cli::kNo : cli::kOk;
}

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Registry registry(instance->database(), instance->clock());
  HF_TRY(const auto all, registry.authorities());
  const auto found = std::ranges::find_if(
      all, [&](const AuthoritySight& sight) { return sight.authority.stored.name == args.positional(0); });
  if (found == all.end()) return fail(no_authority(args.positional(0)));
  if (args.option("out"))
    HF_CHECK(
        write_file(*args.option("out"), bytes_of(crypto::pem_of("CERTIFICATE", found->authority.stored.certificate))));
  terminal.out << (args.flag("json") ? to_text(to_json(*found)) : to_pretty_text(to_json(*found))) << "\n";
  return cli::kOk;
}

Result<cli::Exit> set_frozen(const cli::Args& args, cli::Terminal& terminal, bool frozen) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  Registry registry(instance->database(), instance->clock());
  HF_TRY(const auto ca,
         registry.set_frozen(args.positional(0), frozen, args.option("reason").value_or(""), instance::cli_actor()));
  HF_CHECK(instance->log().advance());
  terminal.out << ca.stored.name << (frozen ? " is frozen: it issues nothing, and still signs CRLs\n" : " is active\n");
  return cli::kOk;
}
Result<cli::Exit> freeze(const cli::Args& args, cli::Terminal& terminal) { return set_frozen(args, terminal, true); }
Result<cli::Exit> unfreeze(const cli::Args& args, cli::Terminal& terminal) { return set_frozen(args, terminal, false); }

Result<cli::Exit> expiring(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto months, args.integer("months", 12, 1, 1200));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Registry registry(instance->database(), instance->clock());
  const auto now = instance->clock().now();
  const auto today = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now));
  auto last = today + std::chrono::months(int(months));
  if (!last.ok())
    last = last.year() / last.month() / std::chrono::last;  // the 31st falls back to a shorter month's end
  const Time until = std::chrono::sys_days(last) + (now - std::chrono::floor<std::chrono::days>(now));
  HF_TRY(const auto authorities, registry.authorities());
  HF_TRY(const auto counts, registry.expiring(now, until));
  JsonArray items;
  std::vector<std::vector<std::string>> rows;
  const auto put = [&](const std::string& ca, const ExpiryCount& count) {
    items.push_back(JsonObject{{"ca", ca},
                               {"product", count.product},
                               {"profile", count.profile},
                               {"certificates", count.certificates},
                               {"first", format_rfc3339(count.first)},
                               {"last", format_rfc3339(count.last)}});
    rows.push_back({ca, count.product, count.profile, std::to_string(count.certificates), format_rfc3339(count.first),
                    format_rfc3339(count.last)});
  };
  for (const auto& sight : authorities) {
    const auto end = sight.authority.certificate.validity.not_after;
    if (end >= now && end < until) put(sight.authority.stored.name, {"", "the CA itself", 1, end, end});
  }
  for (const auto& [ca, count] : counts) put(ca, count);
  if (args.flag("json")) terminal.out << to_pretty_text(items) << "\n";
  else if (rows.empty()) terminal.out << "nothing ends before " << format_rfc3339(until) << "\n";
  else
    terminal.out << cli::table(std::vector<std::string>{"ca", "product", "profile", "certificates", "first", "last"},
                               rows);
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> authority_commands() {
  static const cli::Option reason{.name = "reason", .value = "TEXT", .help = "Why, for the evidence"};
  static const std::vector<cli::Command> table{
      {{.name = "pki ca add",
        .summary = "Make a CA known: its certificate, its key, and what it may issue",
        .details =
            "The certificate is of a key in the register (holdfast key create), and signed already: holdfast pki\n"
            "prepare-root or prepare, sign request, sign run. Profiles are kept as they are now.",
        .positionals = {kName},
        .options = {instance::kDataOption,
                    {.name = "certificate", .value = "FILE", .help = "PEM or DER", .required = true},
                    {.name = "key", .value = "KEY", .help = "The key's name in the register", .required = true},
                    {.name = "profile",
                     .value = "PROFILE",
                     .help = "That it may issue: see holdfast pki profiles; or a file of JSON",
                     .required = true,
                     .repeatable = true},
                    {.name = "crl-shards",
                     .value = "N",
                     .help = "CRLs that it has, each of a part of its certificates; else 1. One holds about 3,500"},
                    {.name = "crl-uri", .value = "URI", .help = "Where its CRL is; with shards '{shard}' in it"},
                    {.name = "ocsp-uri", .value = "URI", .help = "Where its OCSP responder is", .repeatable = true},
                    {.name = "ca-uri", .value = "URI", .help = "Where its certificate is", .repeatable = true}},
        .examples =
            {"holdfast pki ca add devices --certificate ca.pem --key devices --profile idevid "
             "--profile ocsp-responder --crl-shards 16 --crl-uri 'http://crl.example.com/devices/{shard}.crl'"}},
       &add},
      {{.name = "pki ca list",
        .summary = "List the CAs, and name CRLs that are out of date",
        .details = "Exit code 1 when one is, or is missing although something is revoked.",
        .options = {instance::kDataOption, {.name = "json", .value = "", .help = "Print one JSON object a line"}},
        .examples = {"holdfast pki ca list"}},
       &list},
      {{.name = "pki ca show",
        .summary = "Show a CA: certificate, profiles, state, CRLs",
        .details = "",
        .positionals = {kName},
        .options = {instance::kDataOption,
                    {.name = "out", .value = "FILE", .help = "Write its certificate there, PEM"},
                    kJson},
        .examples = {"holdfast pki ca show devices --out ca.pem"}},
       &show},
      {{.name = "pki ca freeze",
        .summary = "Stop a CA from issuing",
        .details = "CRLs and OCSP answers go on. A compromised key is stopped by its charter: holdfast key --help.",
        .positionals = {kName},
        .options = {instance::kDataOption, reason},
        .examples = {"holdfast pki ca freeze devices --reason 'key ceremony in doubt'"}},
       &freeze},
      {{.name = "pki ca unfreeze",
        .summary = "Let a frozen CA issue again",
        .details = "",
        .positionals = {kName},
        .options = {instance::kDataOption, reason},
        .examples = {"holdfast pki ca unfreeze devices --reason 'checked'"}},
       &unfreeze},
      {{.name = "pki expiring",
        .summary = "Count certificates that end, by CA and product",
        .details = "Of those that are not revoked; CAs themselves are named too.",
        .options = {instance::kDataOption, {.name = "months", .value = "N", .help = "From now; else 12"}, kJson},
        .examples = {"holdfast pki expiring --months 12"}},
       &expiring},
  };
  return table;
}

}  // namespace hf::pki
