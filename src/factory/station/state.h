// What a station knows: its journal, read from the first line. The journal is its memory and its only one.
//
//   station    {factory, station, manufacturer, epoch}   who writes; the first line of every journal
//   order      {order}                                   an authorisation or a hold, in its envelope
//   ca         {certificate}                             of the issuing CA
//   reserve    {authorisation, use, device, key, serial, tbs}   the use-th of it is this; counted from here on
//   issue      {of, certificate, active}                 what the token signed for line `of`
//   void       {of}                                      the token answered that it signed nothing
//   activate   {of, flash_sha256, fuses, evidence}       the unit of line `of` has proven itself
//   close      {authorisation, used, returned}           nothing more of it
//
// Each line has beside "n", "prev" and "at" (keys/signer/journal.h) a "counter": the value that the station's counter
// had, or was about to get, when it was written.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/x509.h"
#include "factory/authorisation.h"

namespace hf::factory {

enum class IdentityState { reserved, issued, activated, voided };
[[nodiscard]] std::string_view name_of(IdentityState state);

struct Identity {
  std::int64_t line = 0, use = 0;
  std::string authorisation, device;
  IdentityState state = IdentityState::reserved;
};

struct Held {
  FactoryAuthorisation authorisation;
  std::int64_t used = 0;  // reserved and not voided
  std::int64_t last_use = 0;
  bool closed = false;
};

class StationState {
 public:
  // Of `device` the certificate is kept, and of no other: there may be a hundred thousand.
  explicit StationState(std::string device = {}) : kept_device_(std::move(device)) {}
  void take(std::int64_t line, const JsonObject& record);

  [[nodiscard]] std::int64_t epoch() const { return epoch_; }
  [[nodiscard]] std::int64_t counter() const { return counter_; }  // of the newest line
  [[nodiscard]] Time latest() const { return latest_; }
  [[nodiscard]] std::int64_t order_sequence() const { return order_sequence_; }
  [[nodiscard]] std::int64_t hold_sequence() const { return hold_sequence_; }
  [[nodiscard]] const std::map<std::string, Held>& authorisations() const { return authorisations_; }
  [[nodiscard]] const std::map<std::int64_t, FactoryHold>& holds() const { return holds_; }              // that live
  [[nodiscard]] const std::map<std::int64_t, std::string>& hold_orders() const { return hold_orders_; }  // of those
  [[nodiscard]] const std::map<std::string, crypto::x509::Certificate, std::less<>>& cas() const { return cas_; }
  [[nodiscard]] bool has_order(std::string_view sha256) const { return orders_.contains(sha256); }
  [[nodiscard]] const crypto::x509::Certificate* ca(std::string_view sha256) const;
  [[nodiscard]] const Identity* device(std::string_view serial) const;  // the newest that is not void
  [[nodiscard]] bool has_key(std::string_view sha256) const { return keys_.contains(sha256); }
  [[nodiscard]] const FactoryHold* hold_on(const FactoryAuthorisation& authorisation) const;
  [[nodiscard]] const Bytes& kept_certificate() const { return kept_certificate_; }

 private:
  void take_order(std::string_view text);
  void take_reserve(std::int64_t line, const JsonObject& record);

  std::string kept_device_;
  Bytes kept_certificate_;
  std::int64_t epoch_ = 0, counter_ = 0, order_sequence_ = 0, hold_sequence_ = 0;
  Time latest_{};
  std::map<std::string, Held> authorisations_;  // by id
  std::map<std::int64_t, FactoryHold> holds_;
  std::map<std::int64_t, std::string> hold_orders_;
  std::set<std::string, std::less<>> orders_;
  std::map<std::string, crypto::x509::Certificate, std::less<>> cas_;
  std::map<std::int64_t, Identity> identities_;                      // by line
  std::map<std::int64_t, std::string> key_of_;                       // by line
  std::map<std::string, std::int64_t, std::less<>> devices_, keys_;  // to their line
};

}  // namespace hf::factory
