#include "portfolio/feed_service.h"

#include "portfolio/evaluate.h"

namespace hf::portfolio {
namespace {

constexpr std::size_t kChunk = 500;  // records a transaction: bounds memory and the time the writer is held

Result<std::string> event_of(const vuln::Advisory& advisory, const StoredAdvisory& stored) {
  JsonObject event{{"digest", stored.digest},
                   {"event", stored.what == Stored::added ? "advisory added" : "advisory changed"},
                   {"feed", vuln::name_of(advisory.feed)},
                   {"id", advisory.id},
                   {"vulnerability", stored.vulnerability}};
  if (stored.what == Stored::changed)
    event["was"] = JsonObject{{"digest", stored.digest_before}, {"vulnerability", stored.before}};
  return canonical_json(event);
}

std::vector<std::string> subjects_of(const std::set<std::string>& vulnerabilities) {
  std::vector<std::string> subjects;
  for (const auto& vulnerability : vulnerabilities) subjects.push_back("vulnerability:" + vulnerability);
  return subjects;
}

}  // namespace

vuln::FeedSink FeedImporter::sink() {
  return {
      .advisory = [this](vuln::Advisory advisory) -> Result<void> {
        advisories_.push_back(std::move(advisory));
        return advisories_.size() < kChunk ? Result<void>() : flush_advisories();
      },
      .kev = [this](vuln::KevCatalog catalog) { return take_kev(catalog); },
      // The head comes after the scores, whose number one day fixes: a few hundred thousand at most are held.
      .epss_head = [this](const vuln::EpssHead& head) -> Result<void> {
        counts_["epss"].version = head.score_date;
        return flush_scores(head.score_date);
      },
      .epss = [this](const vuln::EpssScore& score) -> Result<void> {
        scores_.emplace_back(std::string(score.id), score);
        return {};
      },
  };
}

Result<void> FeedImporter::flush_advisories() {
  if (advisories_.empty()) return {};
  const auto done = database_.write(
      [&](db::Writer& writer) -> Result<std::pair<std::map<std::string, std::uint64_t>, std::uint64_t>> {
        HF_TRY(auto transaction, ledger::Transaction::begin(writer, clock_, actor_));
        std::map<std::string, std::uint64_t> changed;
        ledger::SegmentBuilder events;
        Evaluation evaluation(transaction);
        std::set<std::string> products;
        for (const auto& advisory : advisories_) {
          HF_TRY(const auto stored, put(transaction, advisory));
          if (stored.what == Stored::unchanged) continue;
          ++changed[std::string(vuln::name_of(advisory.feed))];
          HF_TRY(const auto event, event_of(advisory, stored));
          events.add(event);
          evaluation.touch_vulnerability(stored.vulnerability);
          if (!stored.before.empty() && stored.before != stored.vulnerability)
            evaluation.touch_vulnerability(stored.before);
          products.insert(stored.new_products.begin(), stored.new_products.end());
        }
        if (events.size() == 0) return std::pair(changed, std::uint64_t{0});
        // Whoever else makes a product of that name changes what "the same name" proves.
        for (const auto& product : products) {
          HF_TRY(const auto ids, CoordinateStore(writer).with_key("product:" + product));
          for (const auto id : ids) evaluation.touch_coordinate(id);
        }
        HF_TRY(const auto segment_id, writer.next_id());
        HF_TRY(const auto entry, transaction.append("advisories.imported", {}, {{"source", source_}}));
        HF_TRY(const auto outcome, evaluation.run({entry, events, segment_id}));
        HF_CHECK(events.write(transaction, entry, segment_id));
        if (!outcome.vulnerabilities.empty()) {
          HF_TRY(const auto found, transaction.append("findings.changed", subjects_of(outcome.vulnerabilities)));
          transaction.note(found, "findings", std::int64_t(outcome.findings));
          transaction.note(found, "statements", std::int64_t(outcome.statements));
          transaction.note(found, "events_of",
                           Json(std::to_string(entry.value)));  // the entry that carries the segment
        }
        HF_CHECK(transaction.finish());
        return std::pair(changed, outcome.findings + outcome.statements);
      });
  if (!done) return fail(done.error());
  findings_ += done->second;
  for (const auto& [feed, changed] : done->first) counts_[feed].changed += changed;
  for (const auto& advisory : advisories_) {
    auto& count = counts_[std::string(vuln::name_of(advisory.feed))];
    ++count.records;
    if (advisory.modified) count.version = std::max(count.version, format_rfc3339(*advisory.modified));
  }
  advisories_.clear();
  return {};
}

Result<void> FeedImporter::take_kev(const vuln::KevCatalog& catalog) {
  HF_CHECK(flush_advisories());
  return database_.write([&](db::Writer& writer) -> Result<void> {
    HF_TRY(auto transaction, ledger::Transaction::begin(writer, clock_, actor_));
    HF_TRY(auto before, AdvisoryStore(writer).kev());
    struct Change {
      const vuln::KevEntry* now;  // null: removed
      bool was;
    };
    std::map<std::string, Change> changes;
    std::set<std::string> seen, changed;
    for (const auto& entry : catalog.entries) {
      if (!seen.insert(entry.id).second) continue;
      const auto was = before.find(entry.id);
      const bool known = was != before.end();
      const bool same = known && was->second.date_added == entry.date_added && was->second.due_date == entry.due_date &&
                        was->second.name == entry.name && was->second.ransomware == entry.ransomware;
      if (known) before.erase(was);
      if (!same) changes[entry.id] = {&entry, known};
    }
    for (const auto& [id, entry] : before) changes[id] = {nullptr, true};
    const auto removed = before.size(), added = changes.size() - removed;
    for (const auto& [id, change] : changes) changed.insert(id);

    auto& count = counts_["kev"];
    count.records += catalog.entries.size();
    count.changed += changed.size();
    count.version = catalog.version;
    if (changed.empty()) return {};
    HF_TRY(const auto entry, transaction.append("kev.updated", subjects_of(changed),
                                                {{"version", catalog.version}, {"source", source_}}));
    ledger::SegmentBuilder events;
    HF_TRY(const auto segment_id, writer.next_id());
    for (const auto& [id, change] : changes)
      HF_CHECK(set_kev(transaction, {entry, events, segment_id}, id, change.now, change.was));
    HF_CHECK(events.write(transaction, entry, segment_id));
    transaction.note(entry, "added", std::int64_t(added));
    transaction.note(entry, "removed", std::int64_t(removed));
    return transaction.finish();
  });
}

Result<void> FeedImporter::flush_scores(std::string_view date) {
  if (scores_.empty()) return {};
  std::uint64_t changed = 0;
  HF_CHECK(database_.write([&](db::Writer& writer) -> Result<void> {
    HF_TRY(auto transaction, ledger::Transaction::begin(writer, clock_, actor_));
    HF_TRY(changed, put_epss(transaction, scores_, date));
    if (changed == 0) return {};
    HF_TRY(const auto entry,
           transaction.append("epss.updated", {}, {{"date", std::string(date)}, {"source", source_}}));
    transaction.note(entry, "scores", std::int64_t(changed));
    return transaction.finish();
  }));
  counts_["epss"].records += scores_.size();
  counts_["epss"].changed += changed;
  scores_.clear();
  return {};
}

Result<std::map<std::string, FeedCount>> FeedImporter::finish() {
  HF_CHECK(flush_advisories());
  if (counts_.empty()) return counts_;
  HF_CHECK(ledger::write(database_, clock_, actor_, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("feed.imported", {}, {{"source", source_}}));
    for (const auto& [feed, count] : counts_) HF_CHECK(insert_import(transaction, entry, feed, source_, count));
    return {};
  }));
  return counts_;
}

}  // namespace hf::portfolio
