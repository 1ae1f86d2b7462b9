// Rows that are proven by the events of segments: what all events say must be what all rows say.
//
// A domain tells its facts, one per thing said of one subject, from events and from rows. Sums of keyed hashes, in
// buckets, are compared first; only buckets that differ are looked at fact by fact. So ten million devices cost no
// memory, and whoever alters rows cannot choose them so that the sums stay: the key is new each time.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/random.h"
#include "ledger/verify.h"

namespace hf::ledger {

struct Fact {
  // `what` is a letter for the kind of thing, `subject` the names by which a finding calls it, `parts` the thing.
  Fact(char what, std::initializer_list<std::string_view> subject, std::initializer_list<std::string_view> parts);

  std::string text;
  std::size_t bucket;  // of the subject
};

class FactProof : public EventProof {
 public:
  using Say = std::function<void(const Fact&, int sign)>;

  void event(std::int64_t segment, std::uint64_t position, const JsonObject& event) final;
  Result<void> compare(const db::Reader& reader, const std::function<Result<void>(const Visit&)>& replay,
                       const Found& found) final;

 protected:
  // Events say +1, rows -1; an event that replaces another says -1 for what it ends.
  virtual void facts_of_event(std::int64_t segment, std::uint64_t position, const JsonObject& event,
                              const Say& say) const = 0;
  virtual Result<void> facts_of_rows(const db::Reader& reader, const Say& say) const = 0;
  // "what it runs", for the letter of a fact.
  [[nodiscard]] virtual std::string_view name_of(char what) const = 0;
  // Checks that no sum of facts makes.
  virtual Result<void> check_more(const db::Reader& reader, const Found& found) const;

 private:
  void add(const Fact& fact, int sign);
  void name(const std::map<std::string, int>& counts, const Found& found) const;

  static constexpr std::size_t kBuckets = 4096;
  const Bytes key_ = crypto::random_bytes(32);
  std::array<std::uint64_t, kBuckets> sums_{};
};

// A member of an event as text; empty if it is not there.
[[nodiscard]] std::string_view text_member(const JsonObject& event, std::string_view name);
// "segment/position", as rows and events name an event.
[[nodiscard]] std::string event_place(std::int64_t segment, std::uint64_t position);

}  // namespace hf::ledger
