#include "accounts/http_json.h"

#include <algorithm>

#include "accounts/http.h"
#include "accounts/http_credentials.h"
#include "accounts/permissions.h"
#include "net/schema.h"

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
  if (value->is_string() && value->get_string().find('\0') == boost::json::string::npos)
    return std::string(value->get_string());
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
  const std::string_view no_right = seen_by.may("accounts.manage") && seen_by.kind == "user"
                                        ? ""
                                        : "this needs a person with the permission 'accounts.manage'";
  const std::string_view other = !no_right.empty() ? no_right : own ? "another administrator does this to you" : "";
  JsonObject object{{"id", std::to_string(account.id.value)},
                    {"subject", subject_of(account.id)},
                    {"name", account.name},
                    {"email", nullptr},
                    {"roles", texts(account.roles)},
                    {"disabled", account.disabled},
                    {"created_at", format_rfc3339(account.created_at)},
                    {"changed_at", format_rfc3339(account.changed_at)},
                    {"allowed_actions",
                     JsonArray{action("change_roles", other), action(account.disabled ? "enable" : "disable", other),
                               action("reset_password", no_right), action("change_email", no_right)}}};
  if (account.email) object["email"] = *account.email;
  return object;
}

JsonObject token_json(const ApiToken& token, const net::Principal& seen_by) {
  const bool may =
      seen_by.kind == "user" && (seen_by.id == subject_of(token.account.id) || seen_by.may("accounts.manage"));
  const std::string_view revoke = token.revoked_at ? "it is revoked"
                                  : may            ? ""
                                                   : "only its owner or an administrator revokes it";
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
    list.push_back(
        JsonObject{{"name", role.name}, {"summary", role.summary}, {"permissions", texts(role.permissions)}});
  for (const auto& permission : permissions())
    rights.push_back(JsonObject{{"name", permission.name}, {"summary", permission.summary}});
  for (const auto& conflict : conflicts())
    separate.push_back(
        JsonObject{{"roles", JsonArray{Json(conflict.one), Json(conflict.other)}}, {"reason", conflict.reason}});
  return {{"roles", std::move(list)}, {"permissions", std::move(rights)}, {"separate", std::move(separate)}};
}

net::Schemas schemas() {
  using namespace net::schema;
  const auto names = [](const auto& all) {
    std::vector<std::string_view> list;
    for (const auto& one : all) list.push_back(one.name);
    return list;
  };
  const auto role_list = [](std::string_view description = {}) { return array(ref("RoleName"), description); };
  const auto permission_list = [](std::string_view description = {}) {
    return array(ref("PermissionName"), description);
  };
  const auto actions = array(ref("AllowedAction"));
  net::Schemas all{
      {"RoleName", to_text(choice(names(roles()), "GET /v1/roles explains them"))},
      {"PermissionName", to_text(choice(names(permissions()), "GET /v1/roles explains them"))},
      {"AllowedAction", to_text(object({{"action", text()}, {"allowed", flag()}, optional("reason", text("why not"))},
                                       "What the reader may do with an entity"))},
      {"SignIn", to_text(object({{"name", text()}, {"password", text()}}))},
      {"PasswordChange", to_text(object({{"current", text()}, {"next", text()}}))},
      {"SetUp", to_text(object({{"token", text("of the link that the server prints at its first start")},
                                {"name", text()},
                                {"password", text()},
                                optional("email", or_null(text())),
                                optional("roles", role_list("beside administrator"))}))},
      {"Session", to_text(object({{"subject", text("how evidence names who asks")},
                                  {"kind", choice({"user", "token"})},
                                  {"name", or_null(text("null: a token"))},
                                  {"roles", role_list()},
                                  {"permissions", permission_list()},
                                  {"csrf", or_null(text("for X-CSRF-Token; null for an API token, which needs none"))},
                                  {"expires_at", or_null(time())}}))},
      {"Role", to_text(object({{"name", ref("RoleName")}, {"summary", text()}, {"permissions", permission_list()}}))},
      {"Roles", to_text(object({{"roles", array(ref("Role"))},
                                {"permissions", array(object({{"name", ref("PermissionName")}, {"summary", text()}}))},
                                {"separate", array(object({{"roles", role_list()}, {"reason", text()}}),
                                                   "roles that one account must not hold together")}}))},
      {"User", to_text(object({{"id", text()},
                               {"subject", text("how evidence names the user")},
                               {"name", text()},
                               {"email", or_null(text())},
                               {"roles", role_list()},
                               {"disabled", flag()},
                               {"created_at", time()},
                               {"changed_at", time()},
                               {"allowed_actions", actions}}))},
      {"UserPage", net::page_schema("User")},
      {"NewUser",
       to_text(object(
           {{"name", text()}, {"password", text()}, optional("email", or_null(text())), {"roles", role_list()}}))},
      {"UserChange", to_text(object({optional("roles", role_list()), optional("disabled", flag()),
                                     optional("password", text()), optional("email", text())}))},
      {"ApiToken",
       to_text(object(
           {{"id", text()},
            {"subject", text("how evidence names the token")},
            {"owner", text("how evidence names the user")},
            {"name", text()},
            {"scopes", permission_list()},
            {"created_at", time()},
            {"expires_at", time()},
            {"revoked_at", or_null(time())},
            {"seen_at", or_null(time("to the hour"))},
            {"certificate_sha256", or_null(text("of the TLS client certificate that stands for the secret"))},
            optional("secret", matching("^hft_", "only in the answer that creates it, and only without a certificate")),
            {"allowed_actions", actions}}))},
      {"ApiTokenPage", net::page_schema("ApiToken")},
      {"NewApiToken",
       to_text(object({{"name", text()},
                       {"scopes", permission_list()},
                       optional("expires_at", time()),
                       optional("certificate_sha256",
                                text("fingerprint of a TLS client certificate, hex: its holder needs no secret"))}))},
  };
  all.merge(credential_schemas());
  return all;
}

}  // namespace hf::accounts
