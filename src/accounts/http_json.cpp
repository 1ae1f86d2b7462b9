#include "accounts/http_json.h"

#include <algorithm>

#include "accounts/http.h"
#include "accounts/permissions.h"

namespace hf::accounts {
namespace {

constexpr std::size_t kTextsMax = 64;

template <class List>
JsonArray texts(const List& list) {
  JsonArray array;
  for (const auto& item : list) array.push_back(Json(std::string_view(item)));
  return array;
}

Json time_json(const std::optional<Time>& time) { return time ? Json(format_rfc3339(*time)) : Json(nullptr); }

// Every entity says what the reader may do with it, and why not.
JsonObject action(std::string_view name, std::string_view refused_because) {
  JsonObject object{{"action", name}, {"allowed", refused_because.empty()}};
  if (!refused_because.empty()) object["reason"] = refused_because;
  return object;
}

}  // namespace

Fields::Fields(const net::Request& request) {
  auto json = parse_json(request.body.text(), {.bytes_max = 64U << 10, .depth_max = 4});
  if (!json) problems_ = json.error().message;
  else if (!json->is_object()) problems_ = "the body is not a JSON object";
  else object_ = std::move(json->get_object());
}

const Json* Fields::find(std::string_view name) {
  asked_.emplace_back(name);
  const auto* value = object_.if_contains(name);
  return value && !value->is_null() ? value : nullptr;
}

void Fields::problem(std::string_view name, std::string_view what) {
  problems_ += (problems_.empty() ? "" : "; ") + std::string(name) + " " + std::string(what);
}

std::string Fields::text(std::string_view name) {
  auto found = text_or_none(name);
  if (!found && problems_.empty()) problem(name, "is missing");
  return std::move(found).value_or(std::string());
}

std::optional<std::string> Fields::text_or_none(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_string() && value->get_string().find('\0') == boost::json::string::npos) return std::string(value->get_string());
  problem(name, "takes a text without U+0000");
  return std::nullopt;
}

std::optional<std::vector<std::string>> Fields::texts_or_none(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  std::vector<std::string> list;
  if (value->is_array() && value->get_array().size() <= kTextsMax)
    for (const auto& item : value->get_array())
      if (item.is_string()) list.emplace_back(item.get_string());
  if (!value->is_array() || list.size() != value->get_array().size()) problem(name, "takes a list of at most 64 texts");
  return list;
}

std::optional<bool> Fields::flag_or_none(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  problem(name, "takes true or false");
  return std::nullopt;
}

std::optional<Time> Fields::time_or_none(std::string_view name) {
  const auto text = text_or_none(name);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (time) return *time;
  problem(name, "takes a time such as 2026-11-23T09:30:00Z");
  return std::nullopt;
}

Result<void> Fields::finish() const {
  auto problems = problems_;
  for (const auto& [name, value] : object_)
    if (std::find(asked_.begin(), asked_.end(), std::string_view(name)) == asked_.end())
      problems += (problems.empty() ? "" : "; ") + std::string(name).substr(0, 64) + " is not a field";
  if (!problems.empty()) return fail(ErrorKind::invalid, "HF-ACCOUNT-0034", problems.substr(0, 2000));
  return {};
}

JsonObject account_json(const Account& account, const net::Principal& seen_by) {
  const bool own = seen_by.id == subject_of(account.id);
  const std::string_view no_right = seen_by.may("accounts.manage") && seen_by.kind == "user" ? "" : "this needs a person with the permission 'accounts.manage'";
  const std::string_view other = !no_right.empty() ? no_right : own ? "another administrator does this to you" : "";
  JsonObject object{{"id", std::to_string(account.id.value)},
                    {"subject", subject_of(account.id)},
                    {"name", account.name},
                    {"email", nullptr},
                    {"roles", texts(account.roles)},
                    {"disabled", account.disabled},
                    {"created_at", format_rfc3339(account.created_at)},
                    {"changed_at", format_rfc3339(account.changed_at)},
                    {"allowed_actions", JsonArray{action("change_roles", other), action(account.disabled ? "enable" : "disable", other),
                                                  action("reset_password", no_right), action("change_email", no_right)}}};
  if (account.email) object["email"] = *account.email;
  return object;
}

JsonObject token_json(const ApiToken& token, const net::Principal& seen_by) {
  const bool may = seen_by.kind == "user" && (seen_by.id == subject_of(token.account.id) || seen_by.may("accounts.manage"));
  const std::string_view revoke = token.revoked_at ? "it is revoked" : may ? "" : "only its owner or an administrator revokes it";
  return {{"id", std::to_string(token.id.value)},
          {"subject", subject_of(token.id)},
          {"owner", subject_of(token.account.id)},
          {"name", token.name},
          {"scopes", texts(token.scopes)},
          {"created_at", format_rfc3339(token.created_at)},
          {"expires_at", format_rfc3339(token.expires_at)},
          {"revoked_at", time_json(token.revoked_at)},
          {"seen_at", time_json(token.seen_at)},
          {"certificate_sha256", token.certificate_sha256 ? Json(*token.certificate_sha256) : Json(nullptr)},
          {"allowed_actions", JsonArray{action("revoke", revoke)}}};
}

JsonObject principal_json(const net::Principal& principal) {
  return {{"subject", principal.id},
          {"kind", principal.kind},
          {"name", nullptr},
          {"roles", texts(parts(principal.role))},
          {"permissions", texts(principal.permissions)},
          {"csrf", nullptr},
          {"expires_at", nullptr}};
}

JsonObject session_json(const Session& session, std::string_view csrf) {
  return {{"subject", subject_of(session.account.id)},
          {"kind", "user"},
          {"name", session.account.name},
          {"roles", texts(session.account.roles)},
          {"permissions", texts(permissions_of(session.account.roles))},
          {"csrf", csrf},
          {"expires_at", format_rfc3339(session.expires_at)}};
}

JsonObject roles_json() {
  JsonArray list, rights, separate;
  for (const auto& role : roles())
    list.push_back(JsonObject{{"name", role.name}, {"summary", role.summary}, {"permissions", texts(role.permissions)}});
  for (const auto& permission : permissions())
    rights.push_back(JsonObject{{"name", permission.name}, {"summary", permission.summary}});
  for (const auto& conflict : conflicts())
    separate.push_back(JsonObject{{"roles", JsonArray{Json(conflict.one), Json(conflict.other)}}, {"reason", conflict.reason}});
  return {{"roles", std::move(list)}, {"permissions", std::move(rights)}, {"separate", std::move(separate)}};
}

net::Schemas schemas() {
  return {
      {"SignIn", R"({"type":"object","required":["name","password"],"additionalProperties":false,
        "properties":{"name":{"type":"string"},"password":{"type":"string"}}})"},
      {"PasswordChange", R"({"type":"object","required":["current","next"],"additionalProperties":false,
        "properties":{"current":{"type":"string"},"next":{"type":"string"}}})"},
      {"SetUp", R"({"type":"object","required":["token","name","password"],"additionalProperties":false,
        "properties":{"token":{"type":"string","description":"of the link that the server prints at its first start"},
          "name":{"type":"string"},"password":{"type":"string"},"email":{"type":["string","null"]},
          "roles":{"type":"array","items":{"$ref":"#/components/schemas/RoleName"},"description":"beside administrator"}}})"},
      {"RoleName", R"({"type":"string","description":"one of GET /v1/roles"})"},
      {"Session", R"({"type":"object","additionalProperties":false,
        "required":["subject","kind","name","roles","permissions","csrf","expires_at"],
        "properties":{"subject":{"type":"string"},"kind":{"type":"string"},"name":{"type":["string","null"]},
          "roles":{"type":"array","items":{"$ref":"#/components/schemas/RoleName"}},
          "permissions":{"type":"array","items":{"type":"string"}},
          "csrf":{"type":["string","null"],"description":"for X-CSRF-Token; null for an API token, which needs none"},
          "expires_at":{"type":["string","null"],"format":"date-time"}}})"},
      {"Roles", R"({"type":"object","required":["roles","permissions","separate"],"additionalProperties":false,"properties":{
        "roles":{"type":"array","items":{"type":"object","required":["name","summary","permissions"],"additionalProperties":false,
          "properties":{"name":{"type":"string"},"summary":{"type":"string"},"permissions":{"type":"array","items":{"type":"string"}}}}},
        "permissions":{"type":"array","items":{"type":"object","required":["name","summary"],"additionalProperties":false,
          "properties":{"name":{"type":"string"},"summary":{"type":"string"}}}},
        "separate":{"type":"array","items":{"type":"object","required":["roles","reason"],"additionalProperties":false,
          "properties":{"roles":{"type":"array","items":{"$ref":"#/components/schemas/RoleName"}},"reason":{"type":"string"}}}}}})"},
      {"AllowedAction", R"({"type":"object","required":["action","allowed"],"additionalProperties":false,
        "properties":{"action":{"type":"string"},"allowed":{"type":"boolean"},"reason":{"type":"string","description":"why not"}}})"},
      {"User", R"({"type":"object","additionalProperties":false,
        "required":["id","subject","name","email","roles","disabled","created_at","changed_at","allowed_actions"],
        "properties":{"id":{"type":"string"},"subject":{"type":"string","description":"how evidence names the user"},"name":{"type":"string"},
          "email":{"type":["string","null"]},"roles":{"type":"array","items":{"$ref":"#/components/schemas/RoleName"}},
          "disabled":{"type":"boolean"},"created_at":{"type":"string","format":"date-time"},"changed_at":{"type":"string","format":"date-time"},
          "allowed_actions":{"type":"array","items":{"$ref":"#/components/schemas/AllowedAction"}}}})"},
      {"Users", net::page_schema("User")},
      {"NewUser", R"({"type":"object","required":["name","password","roles"],"additionalProperties":false,
        "properties":{"name":{"type":"string"},"password":{"type":"string"},"email":{"type":["string","null"]},
          "roles":{"type":"array","items":{"$ref":"#/components/schemas/RoleName"}}}})"},
      {"UserChange", R"({"type":"object","additionalProperties":false,
        "properties":{"roles":{"type":"array","items":{"$ref":"#/components/schemas/RoleName"}},"disabled":{"type":"boolean"},
          "password":{"type":"string"},"email":{"type":"string"}}})"},
      {"ApiToken", R"({"type":"object","additionalProperties":false,
        "required":["id","subject","owner","name","scopes","created_at","expires_at","revoked_at","seen_at","certificate_sha256","allowed_actions"],
        "properties":{"id":{"type":"string"},"subject":{"type":"string"},"owner":{"type":"string"},"name":{"type":"string"},
          "scopes":{"type":"array","items":{"type":"string"}},"created_at":{"type":"string","format":"date-time"},
          "expires_at":{"type":"string","format":"date-time"},"revoked_at":{"type":["string","null"],"format":"date-time"},
          "seen_at":{"type":["string","null"],"format":"date-time","description":"to the hour"},
          "certificate_sha256":{"type":["string","null"],"description":"of the TLS client certificate that stands for the secret"},
          "secret":{"type":"string","pattern":"^hft_","description":"only in the answer that creates it, and only without a certificate"},
          "allowed_actions":{"type":"array","items":{"$ref":"#/components/schemas/AllowedAction"}}}})"},
      {"ApiTokens", net::page_schema("ApiToken")},
      {"NewApiToken", R"({"type":"object","required":["name","scopes"],"additionalProperties":false,
        "properties":{"name":{"type":"string"},"scopes":{"type":"array","items":{"type":"string"}},
          "expires_at":{"type":"string","format":"date-time"},
          "certificate_sha256":{"type":"string","description":"fingerprint of a TLS client certificate, hex: its holder needs no secret"}}})"},
  };
}

}  // namespace hf::accounts
