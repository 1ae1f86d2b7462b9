#include "net/route.h"

#include <fmt/core.h>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>

#include "base/text.h"

namespace hf::net {

// One node a segment. A parameter's name belongs to the route, because two routes may name one place differently.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::array<int, 7> here{-1, -1, -1, -1, -1, -1, -1};  // route index by method
  std::array<int, 7> rest{-1, -1, -1, -1, -1, -1, -1};  // routes whose last segment is "{name...}"
  bool any_here = false, any_rest = false;
};

namespace {

[[noreturn]] void broken(const Route& route, const char* why) {
  fmt::print(stderr, "route table: {} {}: {}\n", name_of(route.method), route.path, why);
  std::abort();
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}
bool is_rest(std::string_view segment) { return is_parameter(segment) && segment.ends_with("...}"); }

std::string allow_of(const std::array<int, 7>& methods) {
  std::string allow;
  const auto has = [&](Method m) { return methods[std::size_t(m)] >= 0; };
  const auto add = [&](Method m) {
    if (!allow.empty()) allow += ", ";
    allow += name_of(m);
  };
  for (const auto m : {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del})
    if (has(m) || (m == Method::head && has(Method::get))) add(m);
  add(Method::options);
  return allow;
}

int select(const std::array<int, 7>& methods, Method method) {
  if (const int index = methods[std::size_t(method)]; index >= 0 || method != Method::head) return index;
  return methods[std::size_t(Method::get)];
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)), root_(std::make_unique<Node>()) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& route = routes_[i];
    if (!route.path.starts_with('/')) broken(route, "the path does not start with a slash");
    if (!route.handler) broken(route, "there is no handler");
    if (route.runs_on == RunsOn::io && !route.permission.empty())
      broken(route, "who may do it is looked up in the database, which blocks");
    Node* node = root_.get();
    bool rest = false;
    const auto segments = route.path == "/" ? std::vector<std::string_view>{} : split(route.path.substr(1), '/');
    for (const auto segment : segments) {
      if (rest) broken(route, "nothing can follow {name...}");
      rest = is_rest(segment);
      if (rest) continue;
      const bool braces = segment.find_first_of("{}") != std::string_view::npos;
      if (braces && !is_parameter(segment)) broken(route, "a parameter fills its segment");
      auto& next = braces ? node->parameter : node->literals[std::string(segment)];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
    }
    auto& slot = (rest ? node->rest : node->here)[std::size_t(route.method)];
    if (slot >= 0) broken(route, "another route has this method and path");
    slot = int(i);
    (rest ? node->any_rest : node->any_here) = true;
  }
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

Router::Match Router::match(Method method, const Target& target) const {
  // Depth first with literals before parameters; the depth is the template's, so backtracking stays small.
  struct Found {
    const std::array<int, 7>* methods = nullptr;
    bool rest = false;
  };
  const auto& segments = target.segments;
  const auto walk = [&](const auto& self, const Node& node, std::size_t at) -> Found {
    if (at == segments.size()) {
      if (node.any_here) return {&node.here, false};
    } else {
      if (const auto it = node.literals.find(segments[at]); it != node.literals.end())
        if (const auto found = self(self, *it->second, at + 1); found.methods) return found;
      if (node.parameter && !segments[at].empty())
        if (const auto found = self(self, *node.parameter, at + 1); found.methods) return found;
    }
    if (node.any_rest && at < segments.size()) return {&node.rest, true};
    return {};
  };
  Match match;
  const auto found = walk(walk, *root_, 0);
  if (!found.methods) return match;
  const int index = select(*found.methods, method);
  if (index < 0) {
    match.allow = allow_of(*found.methods);
    return match;
  }
  match.index = std::size_t(index);
  match.route = &routes_[match.index];
  const auto names = split(match.route->path.substr(1), '/');
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_parameter(names[i])) continue;
    auto name = names[i].substr(1, names[i].size() - 2);
    if (!is_rest(names[i])) {
      match.parameters.emplace_back(name, segments[i]);
      continue;
    }
    name.remove_suffix(3);
    std::string value = segments[i];
    for (std::size_t j = i + 1; j < segments.size(); ++j) value += "/" + segments[j];
    match.parameters.emplace_back(name, std::move(value));
  }
  return match;
}

}  // namespace hf::net
