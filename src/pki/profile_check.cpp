// A certificate held against a profile.
#include <algorithm>

#include "pki/profile.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace oid = crypto::x509::oid;

class Check {
 public:
  Check(const Subject& subject, const Profile& profile)
      : subject_(subject), certificate_(subject.certificate), profile_(profile) {}

  std::vector<Finding> run() {
    key();
    validity();
    serial();
    attributes();
    extensions();
    usage();
    constraints();
    return std::move(findings_);
  }

 private:
  void add(std::string rule, std::string message) {
    findings_.push_back({"profile." + std::move(rule), Severity::error, profile_.source, std::move(message)});
  }

  void key() {
    if (!subject_.key || profile_.keys.empty()) return;
    const auto name = subject_.key->name();
    if (std::ranges::find(profile_.keys, name) == profile_.keys.end()) add("key", "its key is of " + name);
  }

  void validity() {
    const auto& validity = certificate_.validity;
    if (profile_.until && validity.not_after != *profile_.until)
      add("validity",
          "it ends at " + format_rfc3339(validity.not_after) + ", not at " + format_rfc3339(*profile_.until));
    const auto days =
        std::chrono::duration_cast<std::chrono::hours>(validity.not_after - validity.not_before).count() / 24;
    if (profile_.days_max != 0 && days > profile_.days_max)
      add("validity",
          "it is valid for " + std::to_string(days) + " days, more than " + std::to_string(profile_.days_max));
  }

  void serial() {
    if (certificate_.serial.size() < profile_.serial_min)
      add("serial", "its serial number is shorter than " + std::to_string(profile_.serial_min) + " octets");
  }

  void attributes() {
    for (const auto& rule : profile_.subject) {
      std::size_t count = 0;
      const auto name = x509::oid_name(rule.type);
      for (const auto& rdn : certificate_.subject.rdns)
        for (const auto& attribute : rdn)
          if (attribute.type == rule.type) {
            ++count;
            if (rule.demand == Demand::forbid) continue;
            if (auto wrong = rule.fault_of(text_of(attribute.value)); !wrong.empty())
              add("subject." + name, name + " of its subject " + wrong);
          }
      if (rule.demand == Demand::forbid && count != 0) add("subject." + name, "its subject has " + name);
      if (rule.demand != Demand::forbid && rule.demand != Demand::allow && count == 0)
        add("subject." + name, "its subject has no " + name);
      if (rule.demand != Demand::forbid && count > 1) add("subject." + name, "its subject has " + name + " twice");
    }
    if (profile_.other_attributes) return;
    for (const auto& rdn : certificate_.subject.rdns)
      for (const auto& attribute : rdn)
        if (std::ranges::find(profile_.subject, attribute.type, &AttributeRule::type) == profile_.subject.end())
          add("subject.other", "its subject has " + x509::oid_name(attribute.type));
  }

  void extensions() {
    for (const auto& rule : profile_.extensions) {
      const auto* const found = certificate_.extension(rule.oid);
      const auto name = x509::oid_name(rule.oid);
      if (rule.demand == Demand::forbid && found) add("extension." + name, "it has " + name);
      if (rule.demand != Demand::forbid && rule.demand != Demand::allow && !found)
        add("extension." + name, "it has no " + name);
      if (found && rule.demand != Demand::forbid && rule.critical && found->critical != *rule.critical)
        add("extension." + name, name + (*rule.critical ? " is not critical" : " is critical"));
    }
    if (profile_.other_extensions) return;
    for (const auto& extension : certificate_.extensions)
      if (!profile_.extension(extension.oid)) add("extension.other", "it has " + x509::oid_name(extension.oid));
  }

  void usage() {
    const auto bits = certificate_.key_usage.value_or(0);
    if ((bits & profile_.usage_required) != profile_.usage_required)
      add("key-usage", "its key usage is " + text_of_key_usage(bits) + "; it must have " +
                           text_of_key_usage(profile_.usage_required));
    if (certificate_.key_usage && (bits & ~profile_.usage_allowed) != 0)
      add("key-usage", "its key usage has " + text_of_key_usage(bits & ~profile_.usage_allowed));
    if (profile_.purposes.empty()) return;
    auto wanted = profile_.purposes;
    auto found = certificate_.extended_key_usage.value_or(std::vector<std::string>());
    std::ranges::sort(wanted);
    std::ranges::sort(found);
    if (wanted == found || !certificate_.extension(oid::kExtendedKeyUsage)) return;
    std::string names;
    for (const auto& one : wanted) names += (names.empty() ? "" : ", ") + x509::oid_name(one);
    add("extended-key-usage", "its extended key usage is not " + names + " alone");
  }

  void constraints() {
    if (profile_.ca != certificate_.is_ca() && profile_.extension(oid::kBasicConstraints))
      add("ca", profile_.ca ? "it is no CA" : "it is a CA");
    if (profile_.path_length && certificate_.is_ca() &&
        certificate_.basic_constraints->path_length != profile_.path_length)
      add("path-length", "its path length is not " + std::to_string(*profile_.path_length));
  }

  const Subject& subject_;
  const Certificate& certificate_;
  const Profile& profile_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_profile(const Subject& subject, const Profile& profile) {
  return Check(subject, profile).run();
}

}  // namespace hf::pki
