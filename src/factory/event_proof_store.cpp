#include "factory/event_proof_store.h"

#include "ledger/fact_proof.h"

namespace hf::factory {
namespace {

const db::Query kIdentities{"factory.proof.identities", R"sql(
    SELECT identity_id, station, epoch, line, authorisation, use_number, product, serial, key_sha256, tbs_sha256, reserved_at,
           certificate_sha256, state
      FROM issued_identity)sql"};

using ledger::text_member;

constexpr char kReserved = 'R', kCertificate = 'C', kActivated = 'A', kVoided = 'V';

std::string number_member(const JsonObject& event, std::string_view name) {
  const auto* const member = event.if_contains(name);
  return member && member->is_int64() ? std::to_string(member->get_int64()) : std::string();
}

class IdentityProof final : public ledger::FactProof {
  void facts_of_event(std::int64_t, std::uint64_t, const JsonObject& event, const Say& say) const override {
    const auto kind = text_member(event, "event");
    const auto identity = number_member(event, "identity");
    if (kind == "identity.reserved") {
      say({kReserved,
           {"identity", identity},
           {text_member(event, "station"), number_member(event, "epoch"), number_member(event, "line"),
            text_member(event, "authorisation"), number_member(event, "use"), text_member(event, "product"),
            text_member(event, "serial"), text_member(event, "key_sha256"), text_member(event, "tbs_sha256"),
            text_member(event, "at")}},
          1);
    } else if (kind == "identity.issued") {
      say({kCertificate, {"identity", identity}, {text_member(event, "certificate_sha256")}}, 1);
      const auto* const active = event.if_contains("active");
      if (active && *active == true) say({kActivated, {"identity", identity}, {}}, 1);
    } else if (kind == "identity.activated") {
      say({kActivated, {"identity", identity}, {}}, 1);
    } else if (kind == "identity.voided") {
      say({kVoided, {"identity", identity}, {}}, 1);
    }
  }

  Result<void> facts_of_rows(const db::Reader& reader, const Say& say) const override {
    return reader.each(kIdentities, [&](const db::Row& row) {
      const auto identity = std::to_string(row.int64(0));
      say({kReserved,
           {"identity", identity},
           {row.text(1), std::to_string(row.int64(2)), std::to_string(row.int64(3)), row.text(4),
            std::to_string(row.int64(5)), row.text(6), row.text(7), row.text(8), row.text(9),
            format_rfc3339(row.time(10))}},
          -1);
      if (!row.is_null(11)) say({kCertificate, {"identity", identity}, {row.text(11)}}, -1);
      if (row.text(12) == "activated") say({kActivated, {"identity", identity}, {}}, -1);
      if (row.text(12) == "voided") say({kVoided, {"identity", identity}, {}}, -1);
      return true;
    });
  }

  std::string_view name_of(char what) const override {
    switch (what) {
      case kReserved: return "what was reserved";
      case kCertificate: return "its certificate";
      case kActivated: return "its activation";
      default: return "that it is void";
    }
  }
};

}  // namespace

std::unique_ptr<ledger::EventProof> make_event_proof() { return std::make_unique<IdentityProof>(); }

}  // namespace hf::factory
