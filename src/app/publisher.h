// What the server does on its own: brings entries into the tree, publishes checkpoints, tells open pages, and writes
// down the denied attempts that were only counted. Whatever it leaves when the process is killed, the next run does.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "accounts/denials.h"
#include "app/routes.h"
#include "net/log.h"

namespace hf::app {

class Publisher {
 public:
  Publisher(Services& services, accounts::DenialRecorder& denials, const net::Log& log);
  ~Publisher();  // after the round that runs

 private:
  void run();
  void publish();

  Services& services_;
  accounts::DenialRecorder& denials_;
  const net::Log& log_;
  std::uint64_t published_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false, written_ = false;
  std::thread thread_;
};

}  // namespace hf::app
