#include "ledger/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "ledger/checkpoint.h"
#include "ledger/segment.h"
#include "ledger/store.h"

namespace hf::ledger {
namespace {

const db::Query kAllEntries{"ledger.all_entries", R"sql(
    SELECT e.entry_id, l.leaf_index, e.kind, e.recorded_at, e.body, e.leaf_hash, n.hash
      FROM ledger_entry AS e
      LEFT JOIN ledger_leaf AS l ON l.entry_id = e.entry_id
      LEFT JOIN ledger_node AS n ON n.level = 0 AND n.position = l.leaf_index
     ORDER BY e.entry_id)sql"};
const db::Query kAllSubjects{"ledger.all_subjects",
                             "SELECT entry_id, subject FROM ledger_subject ORDER BY entry_id, subject"};
const db::Query kAllWaiting{"ledger.all_waiting", "SELECT entry_id FROM ledger_outbox ORDER BY entry_id"};
const db::Query kAllNodes{"ledger.all_nodes", "SELECT level, position, hash FROM ledger_node ORDER BY level, position"};
const db::Query kAllCheckpoints{"ledger.all_checkpoints",
                                "SELECT tree_size, signed_at, note FROM ledger_checkpoint ORDER BY tree_size"};
const db::Query kAllSegments{"ledger.all_segments",
                             "SELECT segment_id, entry_id, events, root, data FROM ledger_segment ORDER BY segment_id"};
const db::Query kCountEntries{"ledger.count_entries", "SELECT COUNT(*) FROM ledger_entry"};

std::vector<MakeEventProof>& event_proofs() {
  static std::vector<MakeEventProof> makers;
  return makers;
}

class Verification {
 public:
  Verification(const db::Reader& reader, const VerifierKey& key,
               const std::function<void(std::uint64_t, std::uint64_t)>& progress)
      : db_(reader), key_(key), progress_(progress) {}

  Result<VerifyReport> run() {
    HF_CHECK(entries());
    HF_CHECK(waiting());
    HF_CHECK(subjects());
    HF_CHECK(nodes());
    HF_CHECK(checkpoints());
    for (const auto make : event_proofs()) proofs_.push_back(make());
    HF_CHECK(segments());
    for (const auto& proof : proofs_)
      HF_CHECK(proof->compare(
          db_, [&](const EventProof::Visit& visit) { return replay(visit); },
          [&](std::string where, std::string what) { found(std::move(where), std::move(what)); }));
    for (const auto* table : ProvenTable::all()) HF_CHECK(rows(*table));
    return std::move(report_);
  }

 private:
  void found(std::string where, std::string what) {
    if (report_.findings.size() < kFindingsMax) report_.findings.push_back({std::move(where), std::move(what)});
  }

  // The body hashes to the leaf; the body says what the columns say; the index leads to the same hash in the tree.
  Result<void> entries() {
    HF_TRY(const auto total, db_.number(kCountEntries));
    return db_.each(kAllEntries, [&](const db::Row& row) {
      ++report_.entries;
      const auto id = row.int64(0);
      const auto where = "entry " + std::to_string(id);
      const auto leaf = leaf_hash(row.blob(4));
      if (leaf != hash_of(row.blob(5))) found(where, "its body does not hash to its leaf hash");
      read_body(where, id, row);
      if (const auto index = row.int64_or_none(1)) {
        if (row.is_null(6) || hash_of(row.blob(6)) != leaf)
          found(where, "leaf " + std::to_string(*index) + " of the tree is another hash");
        leaves_[std::uint64_t(*index)] = leaf;
      } else {
        ++report_.waiting;
        waiting_.insert(id);
      }
      if (progress_ && report_.entries % 1000 == 0) progress_(report_.entries, std::uint64_t(total));
      return true;
    });
  }

  void read_body(const std::string& where, std::int64_t id, const db::Row& row) {
    const auto body = parse_json(text_of(row.blob(4)), {.bytes_max = 1U << 26, .depth_max = 64});
    const auto* object = body ? body->if_object() : nullptr;
    if (!object) return found(where, "its body is not JSON");
    if (text(*object, "id") != std::to_string(id) || text(*object, "kind") != row.text(2) ||
        text(*object, "time") != format_rfc3339(row.time(3)))
      found(where, "its columns do not say what its body says");
    const auto at = micros(row.time(3));
    if (const auto* rows = object->if_contains("rows"); rows && rows->is_array())
      for (const auto& item : rows->get_array()) prove(item, at, id);
    else if (rows && rows->is_object())
      segments_[text(rows->get_object(), "segment")] = {text(rows->get_object(), "root"), at, id, true};
    if (const auto* data = object->if_contains("data");
        data && data->is_object() && data->get_object().contains("segment"))
      segments_[text(data->get_object(), "segment")] = {text(data->get_object(), "root"), at, id, false};
    if (const auto* named = object->if_contains("subjects")) subjects_[id] = canonical_json(*named).value_or("");
  }

  // The newest entry that speaks of a row counts. Ids are handed to processes in blocks, so time comes first.
  void prove(const Json& item, std::int64_t at, std::int64_t id) {
    const auto* proof = item.if_object();
    if (!proof) return;
    auto& known = proven_[text(*proof, "table") + " " + text(*proof, "key")];
    if (std::pair(known.at, known.entry) < std::pair(at, id)) known = {at, id, text(*proof, "sha256")};
  }

  // What has no index yet waits in the outbox, or it would never get one; nothing else does.
  Result<void> waiting() {
    HF_CHECK(db_.each(kAllWaiting, [&](const db::Row& row) {
      if (waiting_.erase(row.int64(0)) == 0)
        found("entry " + std::to_string(row.int64(0)), "it waits for an index that it has");
      return true;
    }));
    for (const auto id : waiting_) found("entry " + std::to_string(id), "it has no index and does not wait for one");
    return {};
  }

  // The index of subjects says what the entries say.
  Result<void> subjects() {
    JsonArray named;
    std::int64_t of = 0;
    const auto compare = [&] {
      if (of == 0) return;
      std::sort(named.begin(), named.end(),
                [](const Json& a, const Json& b) { return a.get_string() < b.get_string(); });
      auto text = canonical_json(named).value_or("");
      auto said = subjects_.find(of);
      if (said != subjects_.end() && said->second.starts_with('{'))
        text = canonical_json(JsonObject{{"count", std::int64_t(named.size())},
                                         {"sha256", to_hex(crypto::sha256({bytes_of(text)}))}})
                   .value();
      if (said == subjects_.end() || said->second != text)
        found("subjects of entry " + std::to_string(of), "they are not those that the entry names");
      if (said != subjects_.end()) subjects_.erase(said);
      named.clear();
    };
    HF_CHECK(db_.each(kAllSubjects, [&](const db::Row& row) {
      if (row.int64(0) != of) compare();
      of = row.int64(0);
      named.emplace_back(row.text(1));
      return true;
    }));
    compare();
    for (const auto& [id, said] : subjects_)
      if (said != "[]") found("subjects of entry " + std::to_string(id), "they are gone");
    return {};
  }

  // The bytes may be an attacker's: a member that is not there or not text is the empty text.
  static std::string text(const JsonObject& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  }

  // Every stored hash above the leaves is the root of the 256 below it, and none is missing.
  Result<void> nodes() {
    std::map<std::pair<std::int64_t, std::int64_t>, Hash> stored;
    HF_CHECK(db_.each(kAllNodes, [&](const db::Row& row) {
      stored[{row.int64(0), row.int64(1)}] = hash_of(row.blob(2));
      return true;
    }));
    std::uint64_t expected = 0;
    for (const auto& [index, hash] : leaves_) {
      if (index != expected) {
        found("leaf " + std::to_string(expected), "the index has no entry");
        expected = index;
      }
      ++expected;
      levels_.front().push_back(hash);
    }
    for (std::size_t level = 0; !levels_[level].empty(); ++level) {
      std::vector<Hash> above;
      for (std::size_t i = 0; i < levels_[level].size(); ++i) {
        const auto where = "tile node " + std::to_string(level) + "/" + std::to_string(i);
        const auto node = stored.find({std::int64_t(level), std::int64_t(i)});
        if (node == stored.end()) found(where, "it is missing");
        else if (node->second != levels_[level][i]) found(where, "it is not the hash of what is below it");
        if (node != stored.end()) stored.erase(node);
        if ((i + 1) % kTileWidth == 0)
          above.push_back(tree_root(std::span(levels_[level]).subspan(i + 1 - kTileWidth, kTileWidth)));
      }
      levels_.push_back(std::move(above));
    }
    for (const auto& [place, hash] : stored)
      found("tile node " + std::to_string(place.first) + "/" + std::to_string(place.second), "nothing is below it");
    return {};
  }

  Result<void> checkpoints() {
    const NodeReader recomputed = [&](unsigned level, std::uint64_t position,
                                      std::uint64_t count) -> Result<std::vector<Hash>> {
      const auto first = levels_[level].begin() + std::ptrdiff_t(position);
      return std::vector<Hash>(first, first + std::ptrdiff_t(count));
    };
    return db_.each(kAllCheckpoints, [&](const db::Row& row) {
      ++report_.checkpoints;
      const auto where = "checkpoint " + std::to_string(row.int64(0));
      const auto head = open_checkpoint(row.text(2), std::span(&key_, 1));
      if (!head) {
        found(where, head.error().message);
      } else if (head->size != std::uint64_t(row.int64(0)) || head->size > levels_.front().size()) {
        found(where, "its size is not the size of a tree that is there");
      } else if (root_at(recomputed, head->size).value() != head->root) {
        found(where, "the tree has another root at this size");
      }
      return true;
    });
  }

  Result<void> segments() {
    HF_CHECK(db_.each(kAllSegments, [&](const db::Row& row) {
      ++report_.segments;
      const auto where = "segment " + std::to_string(row.int64(0));
      const auto events = segment_events(row.blob(4));
      if (!events) {
        found(where, events.error().message);
        segments_.erase(std::to_string(row.int64(0)));
        return true;
      }
      report_.events += events->size();
      std::vector<Hash> leaves;
      for (const auto& event : *events) leaves.push_back(leaf_hash(bytes_of(event)));
      const auto root = tree_root(leaves);
      if (root != hash_of(row.blob(3)) || events->size() != std::size_t(row.int64(2)))
        found(where, "its events do not hash to its root");
      const auto said = segments_.find(std::to_string(row.int64(0)));
      if (said == segments_.end()) {
        found(where, "no entry carries it");
        return true;
      }
      if (said->second.root != to_hex(root)) found(where, "its entry in the ledger has another root");
      else if (said->second.entry != row.int64(1)) found(where, "it names another entry than the one that carries it");
      if (said->second.holds_rows) {
        row_segments_.insert(row.int64(0));
        for (const auto& event : *events)
          if (const auto proof = parse_json(event)) prove(*proof, said->second.at, said->second.entry);
      } else {
        each_object(row.int64(0), *events,
                    [this](std::int64_t segment, std::uint64_t position, const JsonObject& event) {
                      for (const auto& proof : proofs_) proof->event(segment, position, event);
                    });
      }
      segments_.erase(said);
      return true;
    }));
    for (const auto& [id, said] : segments_)
      found("segment " + id, "it is gone, but entry " + std::to_string(said.entry) + " carries it");
    return {};
  }

  Result<void> replay(const EventProof::Visit& visit) {
    return db_.each(kAllSegments, [&](const db::Row& row) {
      const auto events = segment_events(row.blob(4));
      if (!events || row_segments_.contains(row.int64(0))) return true;
      each_object(row.int64(0), *events, visit);
      return true;
    });
  }

  // Read once for all proofs.
  static void each_object(std::int64_t segment, const std::vector<std::string>& events,
                          const EventProof::Visit& visit) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto json = parse_json(events[i]);
      if (const auto* event = json ? json->if_object() : nullptr) visit(segment, i, *event);
    }
  }

  // Each row is what the last entry that speaks of it says, and no row that was proven is gone.
  Result<void> rows(const ProvenTable& table) {
    const std::string prefix = std::string(table.table()) + " ";
    HF_CHECK(db_.each(table.rows_query(), [&](const db::Row& row) {
      ++report_.rows;
      const auto name = prefix + row.string(0);
      const auto proof = proven_.find(name);
      if (proof == proven_.end()) {
        found("row " + name, "no entry proves it");
      } else {
        if (proof->second.sha256 != to_hex(table.digest(row)))
          found("row " + name, "it is not what entry " + std::to_string(proof->second.entry) + " says");
        else if (row.int64(1) != proof->second.entry)
          found("row " + name, "it names another entry than the one that proves it");
        proven_.erase(proof);
      }
      return true;
    }));
    for (auto proof = proven_.begin(); proof != proven_.end();) {
      if (proof->first.starts_with(prefix)) {
        found("row " + proof->first, "it is gone, but entry " + std::to_string(proof->second.entry) + " proves it");
        proof = proven_.erase(proof);
      } else {
        ++proof;
      }
    }
    return {};
  }

  struct Proof {
    std::int64_t at = -1, entry = 0;
    std::string sha256;
  };
  struct Carried {
    std::string root;
    std::int64_t at, entry;
    bool holds_rows;
  };

  const db::Reader& db_;
  const VerifierKey& key_;
  const std::function<void(std::uint64_t, std::uint64_t)>& progress_;
  VerifyReport report_;
  std::map<std::uint64_t, Hash> leaves_;
  std::vector<std::vector<Hash>> levels_{1};  // of the tiles, recomputed from the entries
  std::unordered_map<std::string, Proof> proven_;
  std::map<std::string, Carried> segments_;
  std::set<std::int64_t> waiting_, row_segments_;
  std::vector<std::unique_ptr<EventProof>> proofs_;
  std::map<std::int64_t, std::string> subjects_;  // as canonical JSON
};

}  // namespace

RegisterEventProof::RegisterEventProof(MakeEventProof make) { event_proofs().push_back(make); }

Result<VerifyReport> verify_ledger(db::Database& database, const VerifierKey& key,
                                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return database.read([&](const db::Reader& reader) { return Verification(reader, key, progress).run(); });
}

}  // namespace hf::ledger
