// What wraps every handler.
#pragma once

#include "net/route.h"

namespace hf::net {

class Pipeline {
 public:
  explicit Pipeline(Router router) : router_(std::move(router)) {}

  [[nodiscard]] const Router& router() const { return router_; }
  [[nodiscard]] Response handle(const Route& route, Request& request) const;

 private:
  Router router_;
};

}  // namespace hf::net
