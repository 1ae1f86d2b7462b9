// The four questions, and the lists that lead to them: from a product, a key, a vulnerability, a device. Reads across
// domains, writes nothing. Each answer is the JSON that REST sends, the CLI prints and the UI shows.
#pragma once

#include <string>

#include "trace/duty_store.h"
#include "trace/key_use_store.h"
#include "trace/overview_store.h"
#include "trace/sentence.h"
#include "trace/unit_list.h"

namespace hf::trace {

class Questions {
 public:
  Questions(const db::Reader& reader, AsOf as_of)
      : exposures_(reader, as_of),
        facts_(reader, as_of),
        overview_(reader, as_of),
        key_uses_(reader, as_of),
        duties_(reader, as_of),
        reader_(reader),
        as_of_(as_of) {}

  // HF-TRACE-0001 nothing is known under that name, for all of these.
  [[nodiscard]] Result<JsonObject> vulnerability(std::string_view number) const;
  // Units by market alone, without the builds: {vulnerability, sentence, totals, by_market}.
  [[nodiscard]] Result<JsonObject> exposed(std::string_view number) const;
  [[nodiscard]] Result<JsonObject> product(std::string_view path) const;
  [[nodiscard]] Result<JsonObject> products(std::string_view after, std::int64_t limit) const;  // {items, next}
  [[nodiscard]] Result<JsonObject> build(std::string_view path) const;
  [[nodiscard]] Result<JsonObject> components(std::string_view build, std::int64_t after, std::int64_t limit) const;
  [[nodiscard]] Result<JsonObject> device(std::string_view product, std::string_view serial) const;
  [[nodiscard]] Result<JsonObject> key(std::string_view sha256) const;  // of a certificate or public key
  // What a signing key of the register made, and what depends on it; the certificates of its CAs that end within twelve
  // months of the instant that was asked for, which is `now` if none was.
  [[nodiscard]] Result<JsonObject> signing_key(std::string_view name, Time now) const;
  // What would follow if the version that signs gave way to the next one: {from, to, sentence, ends, builds,
  // trust_only_old}.
  [[nodiscard]] Result<JsonObject> rotation(std::string_view name, Time now) const;

  [[nodiscard]] Result<JsonObject> today(Time now) const;
  [[nodiscard]] Result<JsonObject> vulnerabilities(std::string_view state, std::string_view after,
                                                   std::int64_t limit) const;
  [[nodiscard]] Result<JsonObject> search(std::string_view text, std::int64_t limit) const;

 private:
  [[nodiscard]] Result<JsonObject> summary_of(const std::string& number,
                                              const Exposure& exposure) const;  // a line of a list
  [[nodiscard]] Result<std::int64_t> compared_with(const std::string& number, const JsonArray& records) const;
  // {waiting, grants, unratified, more}: signing requests that somebody has to decide on, standing grants that live,
  // and what was signed by breaking glass and is to be ratified.
  [[nodiscard]] Result<JsonObject> signing(Time now) const;
  // {certificates, crls, alarms, debug}: what somebody has to see to, beside vulnerabilities (duty_store.h).
  [[nodiscard]] Result<JsonObject> duties(Time now) const;
  [[nodiscard]] Result<JsonArray> standing_of_builds(const std::vector<std::int64_t>& builds) const;

  ExposureStore exposures_;
  FactStore facts_;
  OverviewStore overview_;
  KeyUseStore key_uses_;
  DutyStore duties_;
  const db::Reader& reader_;
  AsOf as_of_;
};

}  // namespace hf::trace
