#include "pki/policies.h"

#include <algorithm>

namespace hf::pki {
namespace {

namespace oid = crypto::x509::oid;

void count_down(std::uint64_t& counter) {
  if (counter > 0) --counter;
}

}  // namespace

PolicyState::PolicyState(std::size_t certificates)
    : explicit_(certificates + 1), mapping_(certificates + 1), any_(certificates + 1) {}

std::string PolicyState::refused() const {
  return explicit_ == 0 && (!valid_ || valid_->empty()) ? "a policy is required, and none holds along the whole path"
                                                        : "";
}

// 6.1.4 b
void PolicyState::map(const crypto::x509::Certificate& certificate) {
  if (!certificate.policy_mappings || !valid_) return;
  const bool any = valid_->contains(oid::kAnyPolicy);
  auto after = *valid_;
  for (const auto& [issuer, subject] : *certificate.policy_mappings) after.erase(issuer);
  if (mapping_ > 0)
    for (const auto& [issuer, subject] : *certificate.policy_mappings)
      if (any || valid_->contains(issuer)) after.insert(subject);
  valid_ = std::move(after);
}

std::string PolicyState::take(const crypto::x509::Certificate& certificate, bool last) {
  const bool self_issued = certificate.is_self_issued();
  if (!certificate.policies) {
    valid_.reset();
  } else if (valid_) {  // 6.1.3 d
    const bool expected_any = valid_->contains(oid::kAnyPolicy);
    std::set<std::string, std::less<>> next;
    bool has_any = false;
    for (const auto& policy : *certificate.policies) {
      if (policy == oid::kAnyPolicy) has_any = true;
      else if (expected_any || valid_->contains(policy)) next.insert(policy);
    }
    if (has_any && (any_ > 0 || (!last && self_issued))) next.insert(valid_->begin(), valid_->end());
    if (next.empty()) valid_.reset();
    else valid_ = std::move(next);
  }
  if (auto why = refused(); !why.empty()) return why;  // 6.1.3 f
  if (last) {                                          // 6.1.5 a, b
    count_down(explicit_);
    if (certificate.policy_constraints && certificate.policy_constraints->require_explicit == 0U) explicit_ = 0;
    return refused();
  }
  map(certificate);
  if (!self_issued) {  // 6.1.4 h
    count_down(explicit_);
    count_down(mapping_);
    count_down(any_);
  }
  if (const auto& constraints = certificate.policy_constraints) {  // 6.1.4 i
    if (constraints->require_explicit) explicit_ = std::min(explicit_, *constraints->require_explicit);
    if (constraints->inhibit_mapping) mapping_ = std::min(mapping_, *constraints->inhibit_mapping);
  }
  if (certificate.inhibit_any_policy) any_ = std::min(any_, *certificate.inhibit_any_policy);  // 6.1.4 j
  return {};
}

}  // namespace hf::pki
