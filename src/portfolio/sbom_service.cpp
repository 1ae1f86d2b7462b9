#include "portfolio/sbom_service.h"

#include <algorithm>
#include <future>

#include "portfolio/evaluate.h"
#include "vuln/match/sbom_subjects.h"

namespace hf::portfolio {
namespace {

// Where a document says two things of one component, the one that asks for action counts.
int urgency(vuln::State state) {
  switch (state) {
    case vuln::State::affected: return 4;
    case vuln::State::under_investigation: return 3;
    case vuln::State::unknown: return 2;
    case vuln::State::fixed: return 1;
    case vuln::State::not_affected: break;
  }
  return 0;
}

// An index of the database takes no longer texts. No real name or number comes near.
Result<void> check_length(std::string_view what, std::string_view text, std::size_t max) {
  if (text.size() <= max) return {};
  return fail(ErrorKind::limit, "HF-PORTFOLIO-0003",
              "a " + std::string(what) + " has " + std::to_string(text.size()) + " bytes; at most " +
                  std::to_string(max) + " can be kept");
}

Result<void> check_lengths(const PreparedCoordinate& coordinate) {
  HF_CHECK(check_length("component's name or version", coordinate.name, kKeyMax));
  HF_CHECK(check_length("component's name or version", coordinate.version, kKeyMax));
  for (const auto& key : coordinate.keys) HF_CHECK(check_length("component's package name", key, kKeyMax));
  return {};
}

Result<void> check_lengths(const std::vector<vuln::VexClaim>& claims) {
  for (const auto& claim : claims) {
    HF_CHECK(check_length("vulnerability's number", claim.vulnerability, kNumberMax));
    for (const auto& alias : claim.aliases) HF_CHECK(check_length("vulnerability's number", alias, kNumberMax));
  }
  return {};
}

// The components of a document as they are stored, a part at a time; the next part is made while the last is written.
class Components {
 public:
  using Part = std::vector<PreparedCoordinate>;

  explicit Components(const vuln::SubjectReader& subjects) : subjects_(subjects) { begin_next(); }
  // The next part; empty after the last.
  Result<Part> next() {
    if (!next_.valid()) return Part{};
    auto part = next_.get();
    begin_next();
    return part;
  }

 private:
  static constexpr std::size_t kPart = 4096;

  void begin_next() {
    if (at_ == subjects_.size()) return;
    const auto from = at_, to = std::min(at_ + kPart, subjects_.size());
    at_ = to;
    // A document of one part is not worth a thread.
    const auto how = subjects_.size() > kPart ? std::launch::async : std::launch::deferred;
    next_ = std::async(how, [&subjects = subjects_, from, to] { return made(subjects, from, to); });
  }
  static Result<Part> made(const vuln::SubjectReader& subjects, std::size_t from, std::size_t to) {
    Part part;
    std::vector<std::string> refused;
    for (auto i = from; i < to; ++i) {
      HF_TRY(auto one, prepare(subjects.subject(i, refused)));
      HF_CHECK(check_lengths(one));
      part.push_back(std::move(one));
      refused.clear();
    }
    return part;
  }

  const vuln::SubjectReader& subjects_;
  std::size_t at_ = 0;
  std::future<Result<Part>> next_;  // waits for its thread when it goes
};

using VexByPair = std::map<std::pair<std::string, CoordinateId>, std::pair<vuln::State, std::string>>;

// Where a document says two things of one pair, the more urgent word holds.
void add_claim(VexByPair& pairs, const VexByPair::key_type& pair, const VexByPair::mapped_type& claim) {
  const auto [at, fresh] = pairs.try_emplace(pair, claim);
  if (!fresh && urgency(claim.first) > urgency(at->second.first)) at->second = claim;
}

VexByPair vex_of(const std::vector<vuln::VexClaim>& claims,
                 const std::vector<std::pair<CoordinateId, std::string_view>>& contents) {
  VexByPair pairs;
  for (const auto& claim : claims) {
    if (claim.state == vuln::State::unknown) continue;  // listed without an assessment: no word to honour
    auto number = claim.vulnerability;
    for (const auto& alias : claim.aliases)
      if (!number.starts_with("CVE-") && alias.starts_with("CVE-")) number = alias;
    for (const auto component : claim.components)
      add_claim(pairs, {number, contents[component].first}, {claim.state, claim.note});
  }
  return pairs;
}

}  // namespace

Result<Receipt> receive_sbom(db::Database& database, blob::Store& blobs, const Clock& clock, const ledger::Actor& actor,
                             std::string_view build, ByteView bytes, const sbom::Limits& limits) {
  // Outside the transaction, which holds the one writer: reading the document, and keeping its bytes.
  HF_TRY(const auto document, sbom::parse(bytes, limits));
  const vuln::SubjectReader subjects(document);
  std::size_t elsewhere = 0;
  const auto vex = subjects.vex(elsewhere);
  HF_CHECK(check_lengths(vex));
  Receipt read{.build = std::string(build),
               .sha256 = {},
               .format = std::string(sbom::name_of(document.format)),
               .spec_version = std::string(document.spec_version),
               .components = subjects.size()};
  HF_TRY(const auto exists,
         database.read([&](const db::Reader& reader) { return CoordinateStore(reader).build(build); }));
  const auto no_build = [&] {
    return fail(ErrorKind::not_found, "HF-PORTFOLIO-0001", "there is no build '" + std::string(build) + "'");
  };
  if (!exists) return no_build();
  // Beside the transaction, which waits for it before its end: compressing a large document takes as long as reading
  // it.
  read.sha256 = to_hex(crypto::sha256({bytes}));
  auto kept = std::async(std::launch::async, [&] { return blobs.put(bytes); });

  return database.write([&](db::Writer& writer) -> Result<Receipt> {
    HF_TRY(auto transaction, ledger::Transaction::begin(writer, clock, actor));
    const CoordinateStore store(writer);
    auto receipt = read;
    HF_TRY(const auto build_id, store.build(build));
    if (!build_id) return no_build();
    HF_TRY(const auto current, store.current_sbom(*build_id));
    if (current && current->sha256 == receipt.sha256) {
      receipt.unchanged = true;
      HF_TRY(receipt.unidentified, store.unidentified(current->id));
      receipt.entry = current->entry;
      return receipt;
    }
    HF_TRY(const auto entry,
           transaction.append("sbom.received", {"build:" + std::string(build), "sbom:" + receipt.sha256}));
    receipt.entry = entry.value;

    Evaluation evaluation(transaction);
    CoordinateInterner interner(transaction);
    std::vector<CoordinateId> fresh;  // rising, as ids are given
    std::vector<std::pair<CoordinateId, std::string_view>> contents;
    Components components(subjects);
    for (;;) {
      HF_TRY(auto part, components.next());
      if (part.empty()) break;
      for (auto& one : part) {
        receipt.unidentified += one.keys.empty() ? 1 : 0;
        bool made = false;
        HF_TRY(const auto id, interner.add(std::move(one), made));
        if (made) fresh.push_back(id);
        contents.emplace_back(id, subjects.ref(contents.size()));
      }
    }
    HF_CHECK(interner.flush());
    receipt.new_coordinates = fresh.size();
    ledger::SegmentBuilder events;
    HF_TRY(const auto segment_id, writer.next_id());
    const Evidence evidence{entry, events, segment_id};
    HF_CHECK(set_contents(transaction, evidence, *build_id, contents, receipt.sha256));
    // Of a new component there is something to say only where a record shares a key with it.
    HF_TRY(const auto spoken_of, store.of_build_with_records(*build_id));
    for (const auto id : spoken_of)
      if (std::binary_search(fresh.begin(), fresh.end(), id)) evaluation.touch_coordinate(id);
    VexByPair said;  // under the numbers that the records use, which can make two of a document's into one
    for (const auto& [pair, claim] : vex_of(vex, contents)) {
      HF_TRY(const auto number, AdvisoryStore(writer).canonical(pair.first));
      add_claim(said, {number, pair.second}, claim);
    }
    std::set<StoredStatement> statements;
    for (const auto& [pair, claim] : said) {
      const JsonObject reason{{"why", "vex"}, {"note", claim.second}, {"sbom", receipt.sha256}};
      statements.insert({pair.first, pair.second, "vex", std::string(vuln::name_of(claim.first)), to_text(reason)});
    }
    HF_TRY(receipt.statements, set_statements(transaction, evidence, *build_id, "vex", statements));
    HF_CHECK(insert_sbom(transaction, entry, *build_id, receipt, bytes.size()));

    evaluation.touch_build(*build_id);
    HF_TRY(const auto outcome, evaluation.run(evidence));
    receipt.findings = outcome.findings;
    HF_CHECK(events.write(transaction, entry, segment_id));
    if (kept.valid()) HF_CHECK(kept.get());
    transaction.note(entry, "components", std::int64_t(receipt.components));
    transaction.note(entry, "unidentified", std::int64_t(receipt.unidentified));
    HF_CHECK(transaction.finish());
    return receipt;
  });
}

}  // namespace hf::portfolio
