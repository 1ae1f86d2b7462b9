#include "factory/station/state.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "keys/formats/dsse_envelope.h"

namespace hf::factory {

using keys::number_at, keys::text_at;

std::string_view name_of(IdentityState state) {
  switch (state) {
    case IdentityState::reserved: return "reserved";
    case IdentityState::issued: return "issued";
    case IdentityState::activated: return "activated";
    case IdentityState::voided: return "voided";
  }
  return "";
}

void StationState::take(std::int64_t line, const JsonObject& record) {
  latest_ = std::max(latest_, parse_rfc3339(text_at(record, "at")).value_or(Time{}));
  counter_ = std::max(counter_, number_at(record, "counter"));
  const auto what = text_at(record, "what");
  if (what == "station") {
    epoch_ = number_at(record, "epoch");
  } else if (what == "order") {
    take_order(text_at(record, "order"));
  } else if (what == "ca") {
    const auto der = from_base64(text_at(record, "certificate"));
    auto certificate = crypto::x509::certificate_of(der.value_or(Bytes()));
    if (certificate) cas_.insert_or_assign(to_hex(crypto::sha256({*der})), *std::move(certificate));
  } else if (what == "reserve") {
    take_reserve(line, record);
  } else if (what == "close") {
    if (const auto held = authorisations_.find(std::string(text_at(record, "authorisation")));
        held != authorisations_.end())
      held->second.closed = true;
  } else if (const auto found = identities_.find(number_at(record, "of")); found != identities_.end()) {
    auto& identity = found->second;
    if (what == "issue") {
      const auto* const active = record.if_contains("active");
      identity.state = active && *active == true ? IdentityState::activated : IdentityState::issued;
      if (identity.device == kept_device_)
        kept_certificate_ = from_base64(text_at(record, "certificate")).value_or(Bytes());
    } else if (what == "activate") {
      identity.state = IdentityState::activated;
    } else if (what == "void") {
      identity.state = IdentityState::voided;
      devices_.erase(identity.device), keys_.erase(key_of_[found->first]);
      if (const auto held = authorisations_.find(identity.authorisation); held != authorisations_.end())
        --held->second.used;
    }
  }
}

void StationState::take_order(std::string_view text) {
  const auto envelope = keys::read_envelope(bytes_of(text), keys::kFactoryOrderType);
  if (envelope) orders_.insert(to_hex(crypto::sha256({envelope->payload})));
  auto order = envelope ? keys::factory_order_of(envelope->payload) : Result<FactoryOrder>(fail(envelope.error()));
  if (!order) return;  // of a later version: it was taken, and allows nothing here
  if (auto* const authorisation = std::get_if<FactoryAuthorisation>(&*order)) {
    order_sequence_ = std::max(order_sequence_, authorisation->sequence);
    const auto id = authorisation->id;
    authorisations_.emplace(id, Held{std::move(*authorisation)});
  } else {
    auto& hold = std::get<FactoryHold>(*order);
    hold_sequence_ = std::max(hold_sequence_, hold.sequence);
    if (hold.ends) {
      holds_.erase(*hold.ends), hold_orders_.erase(*hold.ends);
    } else {
      hold_orders_.emplace(hold.sequence, text);
      holds_.emplace(hold.sequence, std::move(hold));
    }
  }
}

void StationState::take_reserve(std::int64_t line, const JsonObject& record) {
  Identity identity{line, number_at(record, "use"), std::string(text_at(record, "authorisation")),
                    std::string(text_at(record, "device"))};
  std::string key(text_at(record, "key"));
  if (const auto held = authorisations_.find(identity.authorisation); held != authorisations_.end()) {
    ++held->second.used;
    held->second.last_use = std::max(held->second.last_use, identity.use);
  }
  devices_.insert_or_assign(identity.device, line);
  keys_.insert_or_assign(key, line);
  key_of_.emplace(line, std::move(key));
  identities_.emplace(line, std::move(identity));
}

const crypto::x509::Certificate* StationState::ca(std::string_view sha256) const {
  const auto found = cas_.find(sha256);
  return found == cas_.end() ? nullptr : &found->second;
}

const Identity* StationState::device(std::string_view serial) const {
  const auto found = devices_.find(serial);
  return found == devices_.end() ? nullptr : &identities_.at(found->second);
}

const FactoryHold* StationState::hold_on(const FactoryAuthorisation& authorisation) const {
  for (const auto& [sequence, hold] : holds_)
    if (stops(hold, scope_of(authorisation))) return &hold;
  return nullptr;
}

}  // namespace hf::factory
