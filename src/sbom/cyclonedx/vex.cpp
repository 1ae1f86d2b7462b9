#include "sbom/cyclonedx/vex.h"

#include <string>

namespace hf::sbom::cyclonedx {
namespace {

using json::each_item;
using json::each_member;
using json::od::value;

void source(value object, std::string_view& name, TextArena& text) {
  std::string_view url;
  each_member(object, [&](std::string_view key, value member) {
    if (key == "name") name = text.keep(json::text_of(member));
    else if (key == "url") url = text.keep(json::text_of(member));
  });
  if (name.empty()) name = url;
}

void analysis(value object, VexStatement& statement, TextArena& text) {
  each_member(object, [&](std::string_view key, value member) {
    if (key == "state") statement.state = text.keep(json::text_of(member));
    else if (key == "justification") statement.justification = text.keep(json::text_of(member));
    else if (key == "detail") statement.impact = text.keep(json::text_of(member));
    else if (key == "response")
      each_item(member, [&](value item) {
        const auto word = json::text_of(item);
        statement.action = statement.action.empty() ? text.keep(word) : text.join(statement.action, ",", word);
      });
  });
  statement.status = status_of(statement.state);
}

// affects[]: the component as it stands, or one product entry for each version or range that the document lists.
void affects(value object, VexStatement& statement, TextArena& text) {
  const auto first = statement.products.size();
  std::string_view ref;
  each_member(object, [&](std::string_view key, value member) {
    if (key == "ref") ref = text.keep(json::text_of(member));
    else if (key == "versions")
      each_item(member, [&](value item) {
        VexProduct product;
        each_member(item, [&](std::string_view name, value inner) {
          if (name == "version") product.version = text.keep(json::text_of(inner));
          else if (name == "range") product.range = text.keep(json::text_of(inner));
          else if (name == "status") product.claim = text.keep(json::text_of(inner));
        });
        if (product.claim.empty()) product.claim = "affected";  // the schema's default
        statement.products.push_back(product);
      });
  });
  if (statement.products.size() == first) statement.products.emplace_back();
  for (auto i = first; i < statement.products.size(); ++i) statement.products[i].ref = ref;
}

}  // namespace

VexStatus status_of(std::string_view state) {
  if (state == "resolved" || state == "resolved_with_pedigree") return VexStatus::fixed;
  if (state == "exploitable") return VexStatus::affected;
  if (state == "in_triage") return VexStatus::under_investigation;
  if (state == "false_positive" || state == "not_affected") return VexStatus::not_affected;
  return VexStatus::unknown;
}

VexStatement vex_statement(value vulnerability, TextArena& text) {
  VexStatement statement;
  each_member(vulnerability, [&](std::string_view key, value member) {
    if (key == "id") statement.vulnerability = text.keep(json::text_of(member));
    else if (key == "source") source(member, statement.source, text);
    else if (key == "references")
      each_item(member, [&](value item) {
        each_member(item, [&](std::string_view name, value inner) {
          if (name == "id") statement.aliases.push_back(text.keep(json::text_of(inner)));
        });
      });
    else if (key == "analysis") analysis(member, statement, text);
    else if (key == "affects") each_item(member, [&](value item) { affects(item, statement, text); });
  });
  return statement;
}

}  // namespace hf::sbom::cyclonedx
