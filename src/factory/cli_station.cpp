// The commands of a factory's station. They need no installation and no network.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <cstdlib>
#include <ostream>

#include "crypto/verification.h"
#include "factory/cli.h"
#include "factory/station/station.h"
#include "pki/issue.h"

namespace hf::factory {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOrderMax = 1U << 20, kReadBackMax = 256U << 10, kCsvMax = 64U << 20, kChunk = 5000;
constexpr cli::Option kStation{"station", "DIR",
                               "The station's directory (default: $HOLDFAST_STATION, else ./station)"};
constexpr cli::Option kJson{"json", "", "Print JSON"};

fs::path station_of(const cli::Args& args) {
  if (const auto given = args.option("station")) return std::string(*given);
  const char* const set = std::getenv("HOLDFAST_STATION");
  return set && *set ? set : "station";
}

// No core dump and no debugger of the same user: the token's PIN and session are in this process.
void harden() {
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

Result<cli::Exit> init(const cli::Args& args, cli::Terminal& terminal) {
  harden();
  const fs::path directory{std::string(args.positional(0))};
  StationConfig config{.factory = std::string(*args.option("factory")),
                       .counter = std::string(args.option("counter").value_or("")),
                       .module = std::string(args.option("module").value_or("")),
                       .token_label = std::string(args.option("token-label").value_or("")),
                       .pin_file = std::string(args.option("pin-file").value_or(""))};
  if (config.module.empty() != config.pin_file.empty() || config.module.empty() != config.token_label.empty())
    return fail(ErrorKind::invalid, "HF-CLI-0001", "--module, --token-label and --pin-file go together");
  for (const auto& file : args.all("manufacturer-key")) {
    HF_TRY(const auto spki, der_of_file(file, "PUBLIC KEY"));
    HF_TRY(config.manufacturer.emplace_back(), crypto::public_key_of_spki(spki));
  }
  const auto subject = *args.option("subject");
  HF_CHECK(pki::name_of_text(subject));  // before there is a station
  const SystemClock clock;
  HF_TRY(const auto keys, Station::init(directory, config, clock));
  HF_TRY(const auto station, Station::open(directory, clock));
  HF_TRY(const auto request, ca_request(station->description(), subject, directory));
  HF_CHECK(write_file((directory / "ca.csr").string(), bytes_of(crypto::pem_of("CERTIFICATE REQUEST", request))));
  HF_CHECK(write_file((directory / "station.pub.pem").string(), bytes_of(crypto::to_pem(keys.identity))));
  terminal.out << "station  " << station->key() << "\nfactory  " << config.factory << "\nepoch    "
               << station->state().epoch() << "\ncounter  " << station->description().config.counter << "\nCA key   "
               << to_hex(crypto::fingerprint_of(keys.ca)) << "\nrequest  " << (directory / "ca.csr").string() << "\n";
  return cli::kOk;
}

Result<cli::Exit> import(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto file, read_file(args.positional(0), kOrderMax));
  const SystemClock clock;
  HF_TRY(const auto station, Station::open_troubled(station_of(args), clock));
  HF_TRY(const auto what, station->import(file));
  terminal.out << what << "\n";
  return cli::kOk;
}

JsonObject json_of(const Held& held, const Station& station) {
  const auto& authorisation = held.authorisation;
  const auto share = authorisation.station(station.key())->count;
  const auto* const hold = station.state().hold_on(authorisation);
  return {{"id", authorisation.id},
          {"product", authorisation.product},
          {"batch", authorisation.batch},
          {"release", authorisation.release ? Json(*authorisation.release) : Json(nullptr)},
          {"serials", authorisation.serials.text()},
          {"count", share},
          {"used", held.used},
          {"left", held.closed ? 0 : share - held.used},
          {"closed", held.closed},
          {"hold", hold ? Json(hold->sequence) : Json(nullptr)},
          {"outside_window", outside_window(authorisation, station.now())}};
}

Result<cli::Exit> status(const cli::Args& args, cli::Terminal& terminal) {
  const SystemClock clock;
  const std::string device(args.option("device").value_or(""));
  HF_TRY(const auto station, Station::open_troubled(station_of(args), clock, device));
  const auto& state = station->state();
  const auto& trouble = station->trouble();
  JsonArray authorisations;
  for (const auto& [id, held] : state.authorisations())
    if (held.authorisation.station(station->key())) authorisations.push_back(json_of(held, *station));
  JsonObject json{{"station", station->key()},
                  {"factory", station->description().config.factory},
                  {"epoch", state.epoch()},
                  {"counter", station->counter()},
                  {"lines", station->head().lines},
                  {"head", to_hex(station->head().hash)},
                  {"trouble", trouble ? Json(trouble->message) : Json(nullptr)},
                  {"authorisations", authorisations}};
  const auto* const identity = device.empty() ? nullptr : state.device(device);
  if (identity)
    json["device"] = JsonObject{{"serial", identity->device},
                                {"authorisation", identity->authorisation},
                                {"use", identity->use},
                                {"state", name_of(identity->state)}};
  if (args.flag("json")) {
    terminal.out << to_text(json) << "\n";
  } else {
    terminal.out << "station  " << station->key() << "\nfactory  " << station->description().config.factory
                 << "\nepoch    " << state.epoch() << "\ncounter  " << station->counter() << "\njournal  "
                 << station->head().lines << " lines\n";
    std::vector<std::vector<std::string>> rows;
    for (const auto& item : authorisations) {
      const auto& one = item.as_object();
      const auto text = [&](std::string_view name) { return std::string(keys::text_at(one, name)); };
      const auto number = [&](std::string_view name) { return std::to_string(keys::number_at(one, name)); };
      rows.push_back({text("id").substr(0, 12), text("batch"), text("serials"), number("used"), number("left"),
                      one.at("closed") == true         ? "closed"
                      : !one.at("hold").is_null()      ? "on hold (" + number("hold") + ")"
                      : text("outside_window").empty() ? "good"
                                                       : text("outside_window")});
    }
    if (!rows.empty())
      terminal.out << "\n"
                   << cli::table(std::vector<std::string>{"authorisation", "batch", "serials", "used", "left", "now"},
                                 rows);
    if (identity) terminal.out << "\n" << device << " is " << name_of(identity->state) << "\n";
  }
  if (trouble) return fail(*trouble);
  return !device.empty() && !identity ? cli::kNo : cli::kOk;
}

std::string outcome_of(const Issued& issued) {
  return issued.active ? "issued" : "reserved until 'holdfast station activate'";
}

Result<cli::Exit> issue_one(const cli::Args& args, cli::Terminal& terminal, Station& station) {
  const auto device = args.option("device");
  if (args.positional(0).empty() || !device)
    return fail(ErrorKind::invalid, "HF-CLI-0001", "name the request with --device, or a list with --csv");
  HF_TRY(auto request, der_of_file(args.positional(0), "CERTIFICATE REQUEST"));
  const IssueOrder order{std::string(*device), std::move(request),
                         std::string(args.option("authorisation").value_or(""))};
  HF_TRY(const auto outcomes, station.issue(std::span(&order, 1)));
  if (!outcomes[0]) return fail(outcomes[0].error());
  const auto& issued = *outcomes[0];
  if (issued.active) {
    const auto out = args.option("out");
    const auto pem = crypto::pem_of("CERTIFICATE", issued.certificate);
    if (out) HF_CHECK(write_file(*out, bytes_of(pem)));
    else terminal.out << pem;
  }
  terminal.err << order.device << ": " << issued.use << " of " << issued.authorisation << ", " << outcome_of(issued)
               << "\n";
  return cli::kOk;
}

std::string file_name_of(std::string_view serial) {
  std::string name;
  for (const char c : serial) name += c == '/' ? std::string("%2F") : std::string(1, c);
  return name;
}

// Lines of "serial,request file[,authorisation]".
Result<cli::Exit> issue_many(const cli::Args& args, cli::Terminal& terminal, Station& station) {
  const auto folder = args.option("out-dir");
  if (!folder || args.option("device") || args.option("out") || !args.positional(0).empty())
    return fail(ErrorKind::invalid, "HF-CLI-0001", "--csv goes with --out-dir, and with no single request");
  HF_TRY(const auto text, read_file(*args.option("csv"), kCsvMax));
  std::error_code made;
  fs::create_directories(std::string(*folder), made);
  std::vector<std::vector<std::string>> refused;
  std::vector<IssueOrder> chunk;
  std::int64_t issued = 0;
  const auto refuse = [&](const std::string& device, const Error& error) {
    refused.push_back({device, std::string(error.code), error.message});
  };
  const auto run = [&]() -> Result<void> {
    if (chunk.empty()) return {};
    HF_TRY(const auto outcomes, station.issue(chunk));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (!outcomes[i]) {
        refuse(chunk[i].device, outcomes[i].error());
        continue;
      }
      ++issued;
      if (outcomes[i]->active)
        HF_CHECK(write_file((fs::path(std::string(*folder)) / (file_name_of(outcomes[i]->device) + ".pem")).string(),
                            bytes_of(crypto::pem_of("CERTIFICATE", outcomes[i]->certificate))));
    }
    chunk.clear();
    return {};
  };
  for (auto line : split(text_of(text), '\n')) {
    line = trim(line);
    if (line.empty() || line.starts_with("serial,")) continue;
    const auto cells = split(line, ',');
    const std::string device(trim(cells[0]));
    auto request = cells.size() < 2 || cells.size() > 3
                       ? Result<Bytes>(fail(ErrorKind::invalid, "HF-STATION-0018",
                                            "the line is not serial,request file[,authorisation]"))
                       : der_of_file(trim(cells[1]), "CERTIFICATE REQUEST");
    if (!request) {
      refuse(device, request.error());
      continue;
    }
    chunk.push_back({device, *std::move(request), std::string(cells.size() > 2 ? trim(cells[2]) : std::string_view())});
    if (chunk.size() >= kChunk) HF_CHECK(run());
  }
  HF_CHECK(run());
  if (!refused.empty()) terminal.out << cli::table(std::vector<std::string>{"SERIAL", "CODE", "WHY"}, refused);
  terminal.err << issued << " issued, " << refused.size() << " refused\n";
  return refused.empty() ? cli::kOk : cli::kNo;
}

Result<cli::Exit> issue(const cli::Args& args, cli::Terminal& terminal) {
  harden();
  const SystemClock clock;
  HF_TRY(const auto station, Station::open(station_of(args), clock));
  return args.option("csv") ? issue_many(args, terminal, *station) : issue_one(args, terminal, *station);
}

Result<cli::Exit> activate(const cli::Args& args, cli::Terminal& terminal) {
  const SystemClock clock;
  const std::string device(args.positional(0));
  HF_TRY(const auto station, Station::open(station_of(args), clock, device));
  ReadBack shown{.flash_sha256 = std::string(args.option("flash-sha256").value_or(""))};
  if (const auto file = args.option("attestation")) {
    if (args.option("fuses") || !shown.flash_sha256.empty())
      return fail(ErrorKind::invalid, "HF-CLI-0001", "an attestation says all: give it alone");
    HF_TRY(const auto bytes, read_file(*file, kReadBackMax));
    const auto certificate = crypto::x509::certificate_of(station->state().kept_certificate());
    if (!certificate) {  // which activate() explains
      HF_CHECK(station->activate(device, shown));
      return cli::kOk;
    }
    HF_TRY(const auto unit, crypto::public_key_of_spki(certificate->spki));
    HF_TRY(shown, attested_of(bytes, device, unit));
  } else if (const auto fuses = args.option("fuses")) {
    HF_TRY(shown.evidence, read_file(*fuses, kReadBackMax));
    HF_TRY(shown.fuses, fuses_of(shown.evidence));
  }
  HF_TRY(const auto certificate, station->activate(device, shown));
  const auto pem = crypto::pem_of("CERTIFICATE", certificate);
  if (const auto out = args.option("out")) HF_CHECK(write_file(*out, bytes_of(pem)));
  else terminal.out << pem;
  return cli::kOk;
}

Result<cli::Exit> close(const cli::Args& args, cli::Terminal& terminal) {
  harden();
  const SystemClock clock;
  HF_TRY(const auto station, Station::open(station_of(args), clock));
  HF_TRY(const auto record, station->close(args.positional(0)));
  if (const auto out = args.option("out")) HF_CHECK(write_file(*out, bytes_of(record)));
  else terminal.out << record;
  return cli::kOk;
}

Result<cli::Exit> export_bundle(const cli::Args& args, cli::Terminal& terminal) {
  harden();
  const SystemClock clock;
  HF_TRY(const auto station, Station::open(station_of(args), clock));
  HF_CHECK(station->export_to(std::string(args.positional(0))));
  terminal.out << station->head().lines << " lines, head " << to_hex(station->head().hash) << "\n";
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> station_commands() {
  static const std::vector<cli::Command> list{
      {{"station init",
        "Make a station: its identity key, its CA key, its journal and its counter",
        "Prints the name and the epoch that authorisations must say, and writes DIR/ca.csr for 'holdfast pki prepare "
        "--profile\nissuing-ca' at the manufacturer. With file:PATH the counter should be on another medium than DIR; "
        "with\ntpm:0xINDEX it is an NV counter of a TPM 2.0.",
        {{"DIR", "The station's directory, which it makes"}},
        {{"factory", "NAME", "The factory's name in orders", true},
         {"manufacturer-key", "FILE", "A public key whose orders are taken, PEM or DER", true, true},
         {"subject", "NAME", "Of its CA: \"CN=Device CA sz-1,O=Example\"", true},
         {"counter", "WHERE", "file:/PATH or tpm:0xINDEX (default: a file in DIR)"},
         {"module", "FILE", "Another PKCS#11 module than SoftHSM"},
         {"token-label", "LABEL", "Its token"},
         {"pin-file", "FILE", "Its user PIN, mode 0600"}},
        {"holdfast station init station --factory sz-1 --manufacturer-key factory.pub.pem --subject 'CN=Device CA "
         "sz-1,O=Example'"}},
       init},
      {{"station import",
        "Take an order of the manufacturer, or the CA's certificate",
        "An authorisation or a hold in its envelope, as 'holdfast sign run' wrote it: signed by a key that the station "
        "was made\nwith, for this factory and station, with a sequence above every one before. Taken again it changes "
        "nothing.",
        {{"FILE", "The envelope, or the certificate, PEM or DER"}},
        {kStation},
        {"holdfast station import authorisation.dsse.json"}},
       import},
      {{"station status",
        "Show what may be issued, what was, and whether the journal holds",
        "",
        {},
        {kStation, {"device", "SERIAL", "And what became of this unit"}, kJson},
        {"holdfast station status", "holdfast station status --device GW200-000017"}},
       status},
      {{"station issue",
        "Issue a certificate for a unit's request, within an authorisation",
        "It is counted on disk before the key signs. If the authorisation demands proof of flash or fuses, the "
        "certificate is kept\nuntil 'holdfast station activate'. The file of --csv has lines of \"serial,request "
        "file[,authorisation]\"; certificates\nwithout such a demand go to the folder, named by the serial.",
        {{"CSR", "PKCS #10, PEM or DER", false}},
        {kStation,
         {"device", "SERIAL", "The unit's serial, which its request's subject names"},
         {"authorisation", "ID", "Where more than one is for the serial"},
         {"out", "FILE", "Where the certificate goes (default: standard output)"},
         {"csv", "FILE", "Many at once"},
         {"out-dir", "FOLDER", "Of many"}},
        {"holdfast station issue --device GW200-000017 unit.csr",
         "holdfast station issue --csv batch.csv --out-dir certificates"}},
       issue},
      {{"station activate",
        "Hand out a unit's certificate once it has shown its flash and its fuses",
        "The file of --fuses is one JSON object of names and values as they were read back. An attestation is the same "
        "signed by\nthe unit's own key. Asked again it hands out the same certificate.",
        {{"SERIAL", "The unit"}},
        {kStation,
         {"flash-sha256", "HEX", "SHA-256 of its flash, read back"},
         {"fuses", "FILE", "Its fuses, read back"},
         {"attestation", "FILE", "Instead of both"},
         {"out", "FILE", "Where the certificate goes (default: standard output)"}},
        {"holdfast station activate GW200-000017 --flash-sha256 9f2c... --fuses fuses.json --out unit.pem"}},
       activate},
      {{"station close",
        "Issue nothing more under an authorisation, and give back what is left",
        "Prints the closing record, signed by the station.",
        {{"AUTHORISATION", "Its id"}},
        {kStation, {"out", "FILE", "Where the record goes"}},
        {"holdfast station close 0123456789abcdef0123456789abcdef --out closing.json"}},
       close},
      {{"station export",
        "Write the bundle for the manufacturer: the journal with all certificates, signed by the station",
        "",
        {{"OUT", "The bundle"}},
        {kStation},
        {"holdfast station export sz-1.bundle"}},
       export_bundle},
  };
  return list;
}

}  // namespace hf::factory
