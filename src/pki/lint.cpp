#include "pki/lint.h"

#include <array>

namespace hf::pki {
namespace {

std::vector<Finding> run(const Subject& subject, bool path_only) {
  std::vector<Finding> findings;
  for (const auto rules : all_rules())
    for (const auto& rule : rules) {
      if (path_only && !(rule.in_path && rule.severity == Severity::error)) continue;
      auto message = rule.check(subject);
      if (!message.empty())
        findings.push_back({std::string(rule.id), rule.severity, std::string(rule.source), std::move(message)});
    }
  return findings;
}

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::notice: return "notice";
  }
  return {};
}

JsonObject to_json(const Finding& finding) {
  return {{"rule", finding.rule},
          {"severity", name_of(finding.severity)},
          {"source", finding.source},
          {"message", finding.message}};
}

Subject::Subject(const Certificate& of) : certificate(of) {
  auto read = crypto::VerificationKey::of_spki(of.spki);
  if (read) key = *std::move(read);
  else key_fault = read.error().message;
  algorithm = crypto::verification_algorithm_of_der(of.signature_algorithm);
  self_signed = key && algorithm && of.is_self_issued() && key->verify(*algorithm, of.tbs, of.signature);
}

std::span<const std::span<const Rule>> all_rules() {
  static const std::array all{field_rules(), extension_rules(), name_rules()};
  return all;
}

std::vector<Finding> lint(const Subject& subject) { return run(subject, false); }
std::vector<Finding> path_faults(const Subject& subject) { return run(subject, true); }

}  // namespace hf::pki
