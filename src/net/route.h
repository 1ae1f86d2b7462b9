// Routes are data. The router, the OpenAPI document, the permission test and the metrics read the same table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "net/target.h"

namespace hf::net {

// Where a handler runs. `io` is for answers from memory that never block (a device poll, a health check): it saves
// two thread switches, and a handler that blocks there stops every connection of its listener thread.
enum class RunsOn : std::uint8_t { worker, io };

inline constexpr std::string_view kPublic{};       // no authentication asked
inline constexpr std::string_view kSignedIn{"*"};  // whoever is authenticated: one's own session, one's own tokens

struct Parameter {
  std::string_view name;
  std::string_view summary;
  std::string_view type = "string";  // JSON Schema type
  bool required = false;
};

struct Route {
  Method method = Method::get;
  std::string_view path;                          // "/v1/devices/{serial}"; a last "{rest...}" takes all that is left
  std::string_view permission;                    // or kPublic. No default: a table that forgets it does not compile
  std::uint64_t body_max = 0;                     // bytes; the listener's own limit applies too
  std::vector<std::string_view> content_types{};  // of the request; empty: any
  std::string_view summary{};
  std::string_view request_schema{};  // names in components/schemas; empty: none
  std::string_view response_schema{};
  std::string_view response_type = "application/json";
  int success = 200;
  int or_else = 0;  // another status with the same answer: 200 beside 201, where it was there already
  std::vector<Parameter> query{};
  bool paged = false;            // takes "limit" and "cursor" (net/page.h)
  bool idempotency_key = false;  // honours Idempotency-Key; the answer is kept, so it must hold no secret
  RunsOn runs_on = RunsOn::worker;
  Handler handler{};
};

// Binds a handler of a domain to what it works on: .handler = net::handle(api, &list_devices)
template <class Api>
[[nodiscard]] Handler handle(const Api& api, Result<Response> (*handler)(const Request&, const Api&)) {
  return [&api, handler](const Request& request) { return handler(request, api); };
}

class Router {
 public:
  // Ends the process on a table that contradicts itself (two routes for one method and path, a bad template): the
  // table is code, and a test builds it.
  explicit Router(std::vector<Route> routes);
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  struct Match {
    const Route* route = nullptr;  // null: not found, or `allow` says what is
    std::size_t index = 0;         // of the route in routes()
    std::string allow;             // for 405 and OPTIONS: "GET, HEAD, OPTIONS"; empty if nothing has this path
    Parameters parameters;
  };
  // HEAD falls back to GET. A literal segment wins over a parameter, a parameter over "{rest...}".
  [[nodiscard]] Match match(Method method, const Target& target) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Node;
  std::vector<Route> routes_;
  std::unique_ptr<Node> root_;
};

}  // namespace hf::net
