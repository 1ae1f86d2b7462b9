// The table as a whole: nothing is open by mistake, nothing is served that is not described.
#include "app/routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "accounts/permissions.h"
#include "net/pipeline.h"
#include "net/test_schema.h"
#include "support/test_database.h"

namespace hf::app {
namespace {

// Hands out whatever principal the test wants.
class Door final : public net::Authenticator {
 public:
  net::Principal principal;
  Result<net::Principal> authenticate(const net::Request&) override { return principal; }
};

net::Principal holder_of(std::vector<std::string> permissions) {
  return {.id = "user:1", .kind = "user", .permissions = std::move(permissions)};
}

class Routes : public testing::Test {
 protected:
  Routes() {
    instance_ = instance::Instance::create(directory_.path()).value();
    people_.emplace(instance_->database(), instance_->clock());
    services_.emplace(*instance_, *people_);
  }

  net::Response ask(const net::Pipeline& pipeline, const net::Route& route) {
    net::Request request;
    request.method = route.method;
    request.target = "/";
    request.path_pattern = route.path;
    request.id = "r1";
    request.peer.address = "192.0.2.1";
    for (const auto name : {"id", "code", "product", "module", "version", "serial", "sha256", "path", "name", "digest",
                            "level", "rest", "file"})
      request.path_parameters.emplace_back(name, "1");
    return pipeline.handle(route, request);
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<instance::Instance> instance_;
  std::optional<accounts::Service> people_;
  std::optional<Services> services_;
};

TEST_F(Routes, OnlyTheseAreOpenToEveryone) {
  const std::set<std::string_view> open{"GET /healthz", "GET /readyz", "POST /v1/session", "POST /v1/setup",
                                        "GET /openapi.json"};
  const auto table = operator_routes(*services_).value();
  for (const auto& route : table) {
    if (route.permission != net::kPublic) continue;
    const auto name = std::string(net::name_of(route.method)) + " " + std::string(route.path);
    const bool page =
        !route.path.starts_with("/v1/") && route.method == net::Method::get;  // the UI's files, the log's tiles
    EXPECT_TRUE(open.contains(name) || page) << name;
  }
}

TEST_F(Routes, EveryRouteRefusesWhoeverLacksItsPermission) {
  for (auto table : {operator_routes(*services_).value(), factory_routes(*services_), device_routes(*services_),
                     public_routes(*services_)}) {
    Door door;
    std::vector<net::Route> routes = table;
    const net::Pipeline pipeline(net::Router(std::move(table)), {.authenticator = &door});
    for (const auto& route : routes) {
      if (route.permission == net::kPublic) continue;
      const auto name = std::string(net::name_of(route.method)) + " " + std::string(route.path);
      door.principal = {};
      EXPECT_EQ(ask(pipeline, route).status, 401) << name;
      if (route.permission == net::kSignedIn) continue;
      EXPECT_TRUE(accounts::is_permission(route.permission)) << name << " needs an unknown permission";
      std::vector<std::string> others;
      for (const auto& permission : accounts::permissions())
        if (permission.name != route.permission) others.emplace_back(permission.name);
      door.principal = holder_of(others);
      EXPECT_EQ(ask(pipeline, route).status, 403) << name;
    }
  }
}

TEST_F(Routes, EveryPermissionOpensOrGuardsSomethingAndEveryRoleCanRead) {
  std::set<std::string_view> used;
  const auto table = operator_routes(*services_).value();
  for (const auto& route : table) used.insert(route.permission);
  used.insert(pki::kEnrol);  // of the devices' listener, whose routes authenticate by themselves
  for (const auto& permission : accounts::permissions()) EXPECT_TRUE(used.contains(permission.name)) << permission.name;
  for (const auto& role : accounts::roles())
    for (const auto read : {"catalog.read", "fleet.read", "vuln.read", "ledger.read"})
      EXPECT_NE(std::find(role.permissions.begin(), role.permissions.end(), read), role.permissions.end()) << role.name;
}

TEST_F(Routes, AnswersAreAsTheDocumentSays) {
  auto table = operator_routes(*services_).value();
  std::vector<net::Route> api;
  for (const auto& route : table)
    if (route.path.starts_with("/v1/")) api.push_back(route);
  const auto document = net::openapi_document(api, schemas(), {.version = "1"});
  ASSERT_TRUE(document) << document.error().message;
  const net::test::SchemaCheck check(*document);
  Door door;
  std::vector<std::string> all;
  for (const auto& permission : accounts::permissions()) all.emplace_back(permission.name);
  door.principal = holder_of(all);
  const net::Pipeline pipeline(net::Router(std::move(table)), {.authenticator = &door});
  int asked = 0;
  for (const auto& route : api) {
    if (route.method != net::Method::get || route.path == "/v1/events" || route.path == "/v1/session") continue;
    const auto response = ask(pipeline, route);
    const auto* text = std::get_if<std::string>(&response.content);
    if (!text) continue;  // an export, made while it is sent
    EXPECT_LT(response.status, 500) << route.path << " " << *text;
    EXPECT_EQ(check.answer_problems(net::operation_id(route.method, route.path), response.status, *text), "")
        << route.path << " " << *text;
    ++asked;
  }
  EXPECT_GT(asked, 20);
}

}  // namespace
}  // namespace hf::app
