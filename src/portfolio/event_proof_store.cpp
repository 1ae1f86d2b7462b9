#include "portfolio/event_proof_store.h"

#include <optional>
#include <set>

#include "crypto/sha256.h"
#include "ledger/fact_proof.h"
#include "portfolio/advisory_store.h"
#include "portfolio/coordinate_store.h"
#include "vuln/db_dir/codec.h"
#include "vuln/match/assess.h"

namespace hf::portfolio {
namespace {

const db::Query kFindings{"portfolio.proof.findings", R"sql(
    SELECT f.vulnerability, c.digest, f.since, f.until, f.state, f.reasons, f.segment_id, f.position
      FROM finding AS f JOIN coordinate AS c ON c.coordinate_id = f.coordinate_id)sql"};
const db::Query kStatements{"portfolio.proof.statements", R"sql(
    SELECT s.vulnerability, c.digest, s.since, s.until, s.state, s.reason, s.segment_id, s.position, b.path, s.basis
      FROM build_statement AS s
      JOIN coordinate AS c ON c.coordinate_id = s.coordinate_id
      JOIN build AS b ON b.build_id = s.build_id)sql"};
const db::Query kKevRows{"portfolio.proof.kev",
                         "SELECT vulnerability, since, until, date_added, due_date, name, ransomware FROM kev"};
const db::Query kAdvisories{"portfolio.proof.advisories", R"sql(
    SELECT feed, id, vulnerability, record, digest, summary, severity, score, needs_set FROM advisory)sql"};
const db::Query kAdvisoryKeys{"portfolio.proof.advisory_keys", R"sql(
    SELECT a.feed, a.id, k.lookup_key FROM advisory_key AS k JOIN advisory AS a ON a.advisory_id = k.advisory_id)sql"};
const db::Query kCoordinates{"portfolio.proof.coordinates",
                             "SELECT digest, name, version, claims, purl, identified FROM coordinate"};
const db::Query kCoordinateKeys{"portfolio.proof.coordinate_keys", R"sql(
    SELECT c.digest, k.lookup_key FROM coordinate_key AS k JOIN coordinate AS c ON c.coordinate_id = k.coordinate_id)sql"};
const db::Query kContents{"portfolio.proof.contents", R"sql(
    SELECT s.sbom_id, b.path, s.sha256, s.received_at, c.digest
      FROM sbom AS s
      JOIN build AS b ON b.build_id = s.build_id
      LEFT JOIN build_coordinate AS bc ON bc.build_id = s.build_id AND bc.since <= s.received_at AND bc.until > s.received_at
      LEFT JOIN coordinate AS c ON c.coordinate_id = bc.coordinate_id
     ORDER BY s.sbom_id)sql"};
// Contents change when an SBOM comes, at no other time; and an SBOM holds until the next one of its build.
const db::Query kOddContents{"portfolio.proof.odd_contents", R"sql(
    SELECT b.path, bc.ref
      FROM build_coordinate AS bc JOIN build AS b ON b.build_id = bc.build_id
     WHERE bc.since >= bc.until
        OR NOT EXISTS (SELECT 1 FROM sbom AS s WHERE s.build_id = bc.build_id AND s.received_at = bc.since)
        OR (bc.until <> 9223372036854775807
            AND NOT EXISTS (SELECT 1 FROM sbom AS s WHERE s.build_id = bc.build_id AND s.received_at = bc.until)))sql"};
const db::Query kOddSboms{"portfolio.proof.odd_sboms", R"sql(
    SELECT b.path, s.sha256
      FROM sbom AS s JOIN build AS b ON b.build_id = s.build_id
     WHERE s.replaced_at <> COALESCE((SELECT MIN(n.received_at) FROM sbom AS n WHERE n.build_id = s.build_id AND n.received_at > s.received_at),
                                     9223372036854775807))sql"};

using ledger::event_place;
using ledger::text_member;

// What is said from an instant on, until when, and under which keys something is found.
constexpr char kSaid = 'S', kUntil = 'U', kDerived = 'D', kKey = 'K';

std::string digest_of(std::string_view text) { return to_hex(crypto::sha256({bytes_of(text)})); }
std::string_view word(bool flag) { return flag ? "yes" : "no"; }
bool flag_member(const JsonObject& event, std::string_view name) {
  const auto* member = event.if_contains(name);
  return member && member->is_bool() && member->get_bool();
}

class PortfolioProof final : public ledger::FactProof {
  void facts_of_event(std::int64_t segment, std::uint64_t position, const JsonObject& event,
                      const Say& say) const override {
    const auto kind = text_member(event, "event"), at = text_member(event, "at"),
               vulnerability = text_member(event, "vulnerability");
    const auto state = text_member(event, "state"), component = text_member(event, "component"),
               build = text_member(event, "build");
    const bool was = flag_member(event, "was"), withdrawn = state == "withdrawn";
    if (kind == "finding") {
      if (!withdrawn)
        say({kSaid,
             {"finding", vulnerability, component},
             {at, state, text_member(event, "reasons_sha256"), event_place(segment, position)}},
            1);
      if (was) say({kUntil, {"finding", vulnerability, component}, {at}}, 1);
    } else if (kind == "statement") {
      const auto basis = text_member(event, "basis");
      if (!withdrawn)
        say({kSaid,
             {"statement", vulnerability, build, component, basis},
             {at, state, text_member(event, "reason_sha256"), event_place(segment, position)}},
            1);
      if (was) say({kUntil, {"statement", vulnerability, build, component, basis}, {at}}, 1);
    } else if (kind == "kev") {
      if (flag_member(event, "listed"))
        say({kSaid,
             {"kev", vulnerability},
             {at, text_member(event, "date_added"), text_member(event, "due_date"), text_member(event, "name"),
              word(flag_member(event, "ransomware"))}},
            1);
      if (was) say({kUntil, {"kev", vulnerability}, {at}}, 1);
    } else if (kind == "contents") {
      say({kSaid, {"contents of", build}, {at, text_member(event, "sbom"), text_member(event, "components_sha256")}},
          1);
    } else if (kind == "advisory added" || kind == "advisory changed") {
      const auto feed = text_member(event, "feed"), id = text_member(event, "id");
      say({kSaid, {"record", feed, id}, {text_member(event, "digest"), vulnerability}}, 1);
      if (const auto* before = event.if_contains("was"); before && before->is_object())
        say({kSaid,
             {"record", feed, id},
             {text_member(before->get_object(), "digest"), text_member(before->get_object(), "vulnerability")}},
            -1);
    }
  }

  Result<void> facts_of_rows(const db::Reader& reader, const Say& say) const override {
    HF_CHECK(reader.each(kFindings, [&](const db::Row& row) {
      const auto vulnerability = row.text(0), component = row.text(1);
      const auto reasons = digest_of(row.text(5)), place = event_place(row.int64(6), std::uint64_t(row.int64(7)));
      say({kSaid, {"finding", vulnerability, component}, {format_rfc3339(row.time(2)), row.text(4), reasons, place}},
          -1);
      if (row.int64(3) != kOpen)
        say({kUntil, {"finding", vulnerability, component}, {format_rfc3339(row.time(3))}}, -1);
      return true;
    }));
    HF_CHECK(reader.each(kStatements, [&](const db::Row& row) {
      const auto vulnerability = row.text(0), component = row.text(1), build = row.text(8), basis = row.text(9);
      const auto reason = digest_of(row.text(5)), place = event_place(row.int64(6), std::uint64_t(row.int64(7)));
      say({kSaid,
           {"statement", vulnerability, build, component, basis},
           {format_rfc3339(row.time(2)), row.text(4), reason, place}},
          -1);
      if (row.int64(3) != kOpen)
        say({kUntil, {"statement", vulnerability, build, component, basis}, {format_rfc3339(row.time(3))}}, -1);
      return true;
    }));
    HF_CHECK(reader.each(kKevRows, [&](const db::Row& row) {
      say({kSaid,
           {"kev", row.text(0)},
           {format_rfc3339(row.time(1)), row.text(3), row.text(4), row.text(5), word(row.int64(6) == 1)}},
          -1);
      if (row.int64(2) != kOpen) say({kUntil, {"kev", row.text(0)}, {format_rfc3339(row.time(2))}}, -1);
      return true;
    }));
    HF_CHECK(contents(reader, say));
    HF_CHECK(components(reader, say));
    return records(reader, say);
  }

  static Result<void> contents(const db::Reader& reader, const Say& say) {
    struct Received {
      std::int64_t id;
      std::string build, sbom, at;
      std::vector<std::string> digests;
    };
    std::optional<Received> one;
    const auto finish = [&] {
      if (one)
        say({kSaid, {"contents of", one->build}, {one->at, one->sbom, digest_of_contents(std::move(one->digests))}},
            -1);
    };
    HF_CHECK(reader.each(kContents, [&](const db::Row& row) {
      if (!one || one->id != row.int64(0)) {
        finish();
        one = Received{row.int64(0), row.string(1), row.string(2), format_rfc3339(row.time(3)), {}};
      }
      if (!row.is_null(4)) one->digests.push_back(row.string(4));
      return true;
    }));
    finish();
    return {};
  }

  // The digest is of what the row says; keys and shown purl follow from the claims.
  static Result<void> components(const db::Reader& reader, const Say& say) {
    HF_CHECK(reader.each(kCoordinates, [&](const db::Row& row) {
      const auto digest = row.text(0);
      const auto claims = parse_json(row.text(3), {.bytes_max = 64U << 20});
      const auto subject = claims && claims->is_object() ? vuln::subject_of(claims->get_object())
                                                         : Result<vuln::Subject>(fail(ErrorKind::invalid, "", ""));
      if (!subject) {
        say({kDerived, {"component", digest}, {"claims"}}, -1);
        return true;
      }
      const auto keys = vuln::lookup_keys(*subject);
      std::string purl;
      for (const auto& claim : subject->claims)
        if (claim.kind == vuln::ClaimKind::purl && purl.empty()) purl = claim.text;
      const auto identity = canonical_json(JsonArray{Json(row.text(1)), Json(row.text(2)), *claims});
      say({kDerived, {"component", digest}, {identity ? digest_of(*identity) : "", purl, word(!keys.empty())}}, 1);
      say({kDerived, {"component", digest}, {digest, row.text(4), word(row.int64(5) == 1)}}, -1);
      for (const auto& key : keys) say({kKey, {"component", digest}, {key}}, 1);
      return true;
    }));
    return reader.each(kCoordinateKeys, [&](const db::Row& row) {
      say({kKey, {"component", row.text(0)}, {row.text(1)}}, -1);
      return true;
    });
  }

  static Result<void> records(const db::Reader& reader, const Say& say) {
    HF_CHECK(reader.each(kAdvisories, [&](const db::Row& row) {
      const auto feed = row.text(0), id = row.text(1), record = text_of(row.blob(3));
      const auto digest = digest_of(record);
      say({kSaid, {"record", feed, id}, {digest, row.text(2)}}, -1);
      const auto advisory = vuln::decode(record);
      if (!advisory) return true;  // the digest has said so
      const auto [summary, severity, score] = headline_of(*advisory);
      say({kDerived, {"record", feed, id}, {digest, summary, severity, score, word(vuln::needs_set(*advisory))}}, 1);
      say({kDerived,
           {"record", feed, id},
           {row.text(4), row.text(5), row.text(6), row.text(7), word(row.int64(8) == 1)}},
          -1);
      for (const auto& key : stored_keys(*advisory)) say({kKey, {"record", feed, id}, {key}}, 1);
      return true;
    }));
    return reader.each(kAdvisoryKeys, [&](const db::Row& row) {
      say({kKey, {"record", row.text(0), row.text(1)}, {row.text(2)}}, -1);
      return true;
    });
  }

  std::string_view name_of(char what) const override {
    switch (what) {
      case kSaid: return "what is said";
      case kUntil: return "when that ended";
      case kKey: return "what it is found by";
      default: return "what follows from it";
    }
  }

  Result<void> check_more(const db::Reader& reader, const Found& found) const override {
    HF_CHECK(reader.each(kOddContents, [&](const db::Row& row) {
      found("contents of " + row.string(0), "'" + row.string(1) + "' comes or goes without an SBOM that says so");
      return true;
    }));
    return reader.each(kOddSboms, [&](const db::Row& row) {
      found("contents of " + row.string(0), "SBOM " + row.string(1) + " does not hold until the next one");
      return true;
    });
  }
};

}  // namespace

std::unique_ptr<ledger::EventProof> make_event_proof() { return std::make_unique<PortfolioProof>(); }

}  // namespace hf::portfolio
