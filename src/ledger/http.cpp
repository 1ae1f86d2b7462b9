#include "ledger/http.h"

#include <limits>

#include "ledger/bundle.h"
#include "ledger/listing.h"
#include "ledger/tile.h"
#include "net/schema.h"

namespace hf::ledger {
namespace {

constexpr std::string_view kRead = "ledger.read";
constexpr std::int64_t kPage = 100, kPageMax = 1000;
// A full tile never changes again (C2SP tlog-tiles); the checkpoint does.
constexpr std::string_view kForEver = "public, max-age=31536000, immutable", kFresh = "no-cache";

Result<net::Response> checkpoint(const net::Request&, Log& log) {
  HF_TRY(const auto latest,
         log.database().read([](const db::Reader& reader) { return Store(reader).latest_checkpoint(); }));
  if (!latest) return fail(ErrorKind::not_found, "HF-LEDGER-0015", "the log has no checkpoint yet");
  auto response = net::text_response(200, latest->note);
  response.headers.add("Cache-Control", kFresh);
  return response;
}

Result<net::Response> tile_at(std::string path, Log& log) {
  const auto tile = parse_tile_path(path);
  if (!tile) return fail(ErrorKind::not_found, tile.error().code, tile.error().message);
  HF_TRY(auto bytes, log.database().read([&](const db::Reader& reader) { return tile_bytes(Store(reader), *tile); }));
  auto response = net::text_response(200, std::move(bytes), "application/octet-stream");
  response.headers.add("Cache-Control", kForEver);
  return response;
}

Result<net::Response> tile(const net::Request& request, Log& log) {
  return tile_at("tile/" + std::string(request.path("level")) + "/" + std::string(request.path("rest")), log);
}

Result<net::Response> entry_bundle(const net::Request& request, Log& log) {
  return tile_at("tile/entries/" + std::string(request.path("rest")), log);
}

Result<std::int64_t> number_in_query(const net::Request& request, std::string_view name, std::int64_t otherwise,
                                     std::int64_t max) {
  if (!request.has_query(name)) return otherwise;
  const auto number = parse_tree_number(request.query(name));
  if (!number || *number == 0 || *number > std::uint64_t(max))
    return fail(ErrorKind::invalid, "HF-LEDGER-0016",
                std::string(name) + " must be a number from 1 to " + std::to_string(max));
  return std::int64_t(*number);
}

Result<net::Response> entries(const net::Request& request, Log& log) {
  HF_TRY(const auto limit, number_in_query(request, "limit", kPage, kPageMax));
  HF_TRY(const auto before, number_in_query(request, "before", std::numeric_limits<std::int64_t>::max(),
                                            std::numeric_limits<std::int64_t>::max()));
  HF_TRY(const auto page, list_entries(log.database(), request.query("subject"), before, limit));
  JsonArray items;
  for (const auto& entry : page.entries) items.push_back(entry_json(entry, page.published));
  JsonObject json{{"items", std::move(items)}, {"next", nullptr}};
  if (page.entries.size() == std::size_t(limit)) json["next"] = std::to_string(page.entries.back().id.value);
  return net::json_text_response(200, to_text(json));
}

Result<EntryId> entry_id(const net::Request& request) {
  const auto id = parse_tree_number(request.path("id"));
  if (!id) return fail(ErrorKind::not_found, "HF-LEDGER-0010", "the ledger has no entry with this id");
  return EntryId{std::int64_t(*id)};
}

Result<net::Response> entry(const net::Request& request, Log& log) {
  HF_TRY(const auto id, entry_id(request));
  HF_TRY(const auto json, log.database().read([&](const db::Reader& reader) -> Result<JsonObject> {
    const Store store(reader);
    HF_TRY(const auto found, store.entry(id));
    if (!found) return fail(ErrorKind::not_found, "HF-LEDGER-0010", "the ledger has no entry with this id");
    HF_TRY(const auto latest, store.latest_checkpoint());
    return entry_json(*found, latest ? latest->size : 0);
  }));
  return net::json_text_response(200, to_text(json));
}

Result<net::Response> proof(const net::Request& request, Log& log) {
  HF_TRY(const auto id, entry_id(request));
  std::optional<std::uint64_t> event;
  if (request.has_query("event")) {
    event = parse_tree_number(request.query("event"));
    if (!event)
      return fail(ErrorKind::invalid, "HF-LEDGER-0016",
                  "event must be the position of an event in the entry's segment");
  }
  HF_TRY(const auto bundle, evidence_bundle(log, id, event));
  auto response = net::json_text_response(200, bundle_text(bundle));
  response.headers.add("Content-Disposition",
                       "attachment; filename=\"entry-" + std::to_string(id.value) + ".evidence.json\"");
  return response;
}

net::Handler on(Log& log, Result<net::Response> (*handler)(const net::Request&, Log&)) {
  return [&log, handler](const net::Request& request) { return handler(request, log); };
}

}  // namespace

std::vector<net::Route> tile_routes(Log& log) {
  return {
      {.path = "/ledger/checkpoint",
       .permission = net::kPublic,
       .summary = "The newest signed checkpoint of the evidence log (C2SP tlog-checkpoint)",
       .response_type = "text/plain",
       .handler = on(log, &checkpoint)},
      {.path = "/ledger/tile/{level}/{rest...}",
       .permission = net::kPublic,
       .summary = "A tile of the log's tree (C2SP tlog-tiles): hashes only",
       .response_type = "application/octet-stream",
       .handler = on(log, &tile)},
  };
}

std::vector<net::Route> entry_routes(Log& log) {
  return {
      // Entries name people, products and flaws that are not yet public: anyone gets the hashes, not the entries.
      {.path = "/ledger/tile/entries/{rest...}",
       .permission = kRead,
       .summary = "A bundle of log entries (C2SP tlog-tiles)",
       .response_type = "application/octet-stream",
       .handler = on(log, &entry_bundle)},
      {.path = "/v1/ledger/entries",
       .permission = kRead,
       .summary = "Entries of the evidence log, newest first",
       .response_schema = "LedgerEntryPage",
       .query = {{.name = "subject", .summary = "only entries that speak of this, such as product:px-100"},
                 {.name = "before", .summary = "ids below this one: the `next` of the page before"},
                 {.name = "limit", .summary = "entries a page, at most 1000", .type = "integer"}},
       .handler = on(log, &entries)},
      {.path = "/v1/ledger/entries/{id}",
       .permission = kRead,
       .summary = "One entry of the evidence log",
       .response_schema = "LedgerEntry",
       .handler = on(log, &entry)},
      {.path = "/v1/ledger/entries/{id}/proof",
       .permission = kRead,
       .summary = "The entry's evidence bundle, for 'holdfast verify'",
       .response_schema = "EvidenceBundle",
       .query = {{.name = "event",
                  .summary = "prove the event at this position of the entry's segment",
                  .type = "integer"}},
       .handler = on(log, &proof)},
  };
}

net::Schemas schemas() {
  using namespace net::schema;
  // What an entry says is its kind's own: these members every entry has, and rows where it proves rows.
  auto body = object(
      {{"v", count("version of this form")},
       {"id", text()},
       {"kind", text()},
       {"time", time()},
       {"actor", text("who did it")},
       {"role", text("as what")},
       optional("reason", text("why, where the actor gave one")),
       {"subjects", ref("EntrySubjects")},
       {"data", anything()},
       {"rows",
        JsonObject{{"description", "digests of the rows that it proves; of very many the root of their segment"},
                   {"oneOf", JsonArray{array(anything()),
                                       object({{"segment", text()}, {"events", count()}, {"root", sha256()}})}}}}},
      "The entry itself, RFC 8785");
  body["additionalProperties"] = true;
  const JsonObject subjects{
      {"description", "What it speaks of. Of very many only the number and the digest of their list"},
      {"oneOf", JsonArray{array(text()), object({{"count", count()}, {"sha256", sha256()}})}}};
  return {
      {"EntrySubjects", to_text(subjects)},
      {"EntryBody", to_text(body)},
      {"LedgerEntry", to_text(object({{"id", text("digits")},
                                      {"index", or_null(count("in the tree; null: not yet there"))},
                                      {"state", choice({"waiting", "integrated", "published"},
                                                       "published: under a signed checkpoint")},
                                      {"kind", text()},
                                      {"recorded_at", time()},
                                      {"body", or_null(ref("EntryBody", "null: damaged"))}}))},
      {"LedgerEntryPage", net::page_schema("LedgerEntry")},
      {"LedgerStatus", to_text(object({{"size", count("entries in the tree")},
                                       {"published_size", count("entries under the newest checkpoint")},
                                       {"signed_at", or_null(time("null: no checkpoint yet"))},
                                       {"origin", text()},
                                       {"verifier_key", text("C2SP signed-note")}}))},
      {"EvidenceBundle",
       to_text(object({{"format", JsonObject{{"type", "string"}, {"const", "holdfast-evidence@1"}}},
                       {"key", text("C2SP signed-note verifier key")},
                       {"entry", text("the entry, byte for byte")},
                       {"proof", text("C2SP tlog-proof")},
                       optional("event", object({{"line", text("the event, byte for byte")},
                                                 {"position", count("in the entry's segment")},
                                                 {"path", array(text("hash, base64"), "to the segment's root")}}))}))},
  };
}

}  // namespace hf::ledger
