// What a manufacturer orders of a factory, as one closed canonical JSON object (RFC 8785) each:
//
//   an authorisation   so many identities of one product and batch, in a window, at these stations, under this profile
//   a hold             nothing more is issued for a product, batch or release; or that such a hold has ended
//
// Both travel in a DSSE envelope that the manufacturer's key signed, under its charter (factory.cpp); a station takes
// them offline. Nothing here has a clock: whether an order is live is asked in factory/.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "keys/json_fields.h"

namespace hf::keys {

inline constexpr std::string_view kFactoryOrderType = "application/vnd.holdfast.factory-order+json";
inline constexpr std::size_t kFactoryOrderMax = 32U << 10;  // bytes, so that a journal's line holds its envelope

// Serial numbers that may be issued: the prefix, then either a decimal number of so many digits in a range, or so many
// characters of a set. Exactly one of the two.
struct Serials {
  struct Range {
    std::int64_t digits = 0, first = 0, last = 0;
    bool operator==(const Range&) const = default;
  };
  struct Pattern {
    std::string characters{};  // "0-9A-F": ranges and single ones
    std::int64_t length = 0;
    bool operator==(const Pattern&) const = default;
  };
  std::string prefix{};
  std::optional<Range> range{};
  std::optional<Pattern> pattern{};

  [[nodiscard]] bool admits(std::string_view serial) const;
  [[nodiscard]] std::string text() const;  // "GW200-000001 to GW200-005000"
  bool operator==(const Serials&) const = default;
};

// What must be proven of a unit before its certificate is handed out. All empty: nothing.
struct ActivationDemand {
  std::vector<std::string> flash_sha256{};  // hex: what may be in its flash, read back
  std::vector<std::string> fuses{};         // "SECURE_BOOT=1": what its fuses must say, read back
  bool attested = false;                    // the read-back is signed by the unit's own key

  [[nodiscard]] bool any() const { return attested || !flash_sha256.empty() || !fuses.empty(); }
  bool operator==(const ActivationDemand&) const = default;
};

struct FactoryAuthorisation {
  // A station by its identity key (SHA-256 of the SubjectPublicKeyInfo, hex), and how many it may issue: a share of its
  // own, because stations offline cannot share a count. `epoch` is the value of the station's counter at which its
  // journal began; one that is the counter's value now begins a new journal, once.
  struct Station {
    std::string key{};
    std::int64_t count = 0;
    std::int64_t epoch = 0;
    bool operator==(const Station&) const = default;
  };

  std::string id{};  // 32 hex digits
  std::string product{}, batch{};
  std::optional<std::string> release{};  // to flash; absent: the activation's digests alone say what
  std::string factory{};
  std::vector<Station> stations{};
  std::int64_t count = 0;  // of all stations
  std::string profile{}, profile_sha256{};
  std::string ca_sha256{};                  // of the issuing CA's certificate, DER
  std::vector<std::string> crls{}, ocsp{};  // URIs for the certificates
  Serials serials{};
  Time not_before{}, not_after{}, issued_at{};
  std::int64_t sequence = 0;  // of the factory, strictly rising
  std::int64_t policy = 0;    // version of the manufacturer's production policy
  ActivationDemand activation{};

  [[nodiscard]] const Station* station(std::string_view key) const;
  bool operator==(const FactoryAuthorisation&) const = default;
};

struct FactoryHold {
  std::int64_t sequence = 0;           // of all holds and resumptions, strictly rising
  std::optional<std::int64_t> ends{};  // the sequence of the hold that this one ends; absent: it holds
  std::string product{};
  std::optional<std::string> batch{}, release{}, factory{};  // absent: all
  std::string reason{};
  Time issued_at{};

  bool operator==(const FactoryHold&) const = default;
};

using FactoryOrder = std::variant<FactoryAuthorisation, FactoryHold>;

[[nodiscard]] JsonObject to_json(const FactoryAuthorisation& authorisation);
[[nodiscard]] JsonObject to_json(const FactoryHold& hold);
[[nodiscard]] std::string canonical(const FactoryOrder& order);
// HF-FACTORY-0001 with every fault and where it is, also for bytes that are not the one text of their value.
[[nodiscard]] Result<FactoryOrder> factory_order_of(ByteView text);
// The facts of it as people see them before they approve: every member.
[[nodiscard]] JsonObject facts_of(const FactoryOrder& order);

}  // namespace hf::keys
