// The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), made from the route tables that the router serves:
// what is not in the table is neither served nor described.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "net/route.h"

namespace hf::net {

// JSON Schema (2020-12) texts by name, as domains give them; they refer to each other as "#/components/schemas/Name".
using Schemas = std::map<std::string, std::string, std::less<>>;

struct ApiTitle {
  std::string title = "Holdfast";
  std::string version;
};

// Adds to the domains' schemas: Problem (RFC 9457), the paging parameters, the security schemes.
// HF-HTTP-0050: a schema is not a JSON object, or is named and not there. A test builds the whole document.
[[nodiscard]] Result<Json> openapi_document(const std::vector<Route>& routes, const Schemas& schemas,
                                            const ApiTitle& title);

// Adds GET /openapi.json, described like every other route.
[[nodiscard]] Result<void> add_openapi_route(std::vector<Route>& routes, const Schemas& schemas, const ApiTitle& title);

// "get_v1_users_id": unique, because method and path are.
[[nodiscard]] std::string operation_id(Method method, std::string_view path);

// The schema text of a page of `item`: {"items": [item], "next": cursor or null}
[[nodiscard]] std::string page_schema(std::string_view item);

}  // namespace hf::net
