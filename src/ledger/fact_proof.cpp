#include "ledger/fact_proof.h"

#include <algorithm>
#include <cstring>

#include "crypto/sha256.h"

namespace hf::ledger {
namespace {

constexpr char kPart = '\x1f', kSubjectEnd = '\x1e';

}  // namespace

Fact::Fact(char what, std::initializer_list<std::string_view> subject, std::initializer_list<std::string_view> parts) {
  text = what;
  for (const auto name : subject) text.append(name).append(1, kPart);
  bucket = std::hash<std::string_view>()(std::string_view(text).substr(1));
  text += kSubjectEnd;
  for (const auto part : parts) text.append(part).append(1, kPart);
}

std::string_view text_member(const JsonObject& event, std::string_view name) {
  const auto* member = event.if_contains(name);
  return member && member->is_string() ? std::string_view(member->get_string()) : std::string_view();
}

std::string event_place(std::int64_t segment, std::uint64_t position) {
  return std::to_string(segment) + "/" + std::to_string(position);
}

void FactProof::add(const Fact& fact, int sign) {
  const auto digest = crypto::sha256({key_, bytes_of(fact.text)});
  std::uint64_t value;
  std::memcpy(&value, digest.data(), sizeof value);
  sums_[fact.bucket % kBuckets] += sign > 0 ? value : ~value + 1;
}

void FactProof::event(std::int64_t segment, std::uint64_t position, const JsonObject& event) {
  facts_of_event(segment, position, event, [this](const Fact& fact, int sign) { add(fact, sign); });
}

Result<void> FactProof::compare(const db::Reader& reader, const std::function<Result<void>(const Visit&)>& replay,
                                const Found& found) {
  HF_CHECK(facts_of_rows(reader, [this](const Fact& fact, int sign) { add(fact, sign); }));
  if (std::any_of(sums_.begin(), sums_.end(), [](std::uint64_t sum) { return sum != 0; })) {
    std::map<std::string, int> counts;
    const auto count = [&](const Fact& fact, int sign) {
      if (sums_[fact.bucket % kBuckets] != 0) counts[fact.text] += sign;
    };
    HF_CHECK(replay([&](std::int64_t segment, std::uint64_t position, const JsonObject& event) {
      facts_of_event(segment, position, event, count);
    }));
    HF_CHECK(facts_of_rows(reader, count));
    name(counts, found);
  }
  return check_more(reader, found);
}

Result<void> FactProof::check_more(const db::Reader&, const Found&) const { return {}; }

void FactProof::name(const std::map<std::string, int>& counts, const Found& found) const {
  std::map<std::string, std::string> subjects;
  for (const auto& [text, count] : counts) {
    if (count == 0) continue;
    auto subject = text.substr(1, text.find(kSubjectEnd) - 2);  // without the letter and the last separator
    std::replace(subject.begin(), subject.end(), kPart, ' ');
    auto& what = subjects[subject];
    if (const auto part = name_of(text[0]); what.find(part) == std::string::npos)
      what += (what.empty() ? "" : "; ") + std::string(part);
  }
  for (const auto& [subject, what] : subjects) found(subject, "rows and events differ: " + what);
}

}  // namespace hf::ledger
