#include "net/pipeline.h"

#include "net/problem.h"

namespace hf::net {

Response Pipeline::handle(const Route& route, Request& request) const {
  const auto stage = request.body.empty() ? Stage::handling : Stage::content;
  auto response = route.handler(request);
  if (!response) return problem(response.error(), stage, request.id);
  return *std::move(response);
}

}  // namespace hf::net
