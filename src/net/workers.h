// A few threads for synchronous handlers behind a bounded queue. A full queue refuses: the listener sheds.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace hf::net {

class Job {
 public:
  virtual void work() = 0;

 protected:
  ~Job() = default;
};

class Workers {
 public:
  Workers(unsigned threads, std::size_t queue_max);
  ~Workers();
  void stop();  // finishes what is queued, then joins

  [[nodiscard]] bool try_push(std::shared_ptr<Job> job);  // false: full
  void push_more(std::shared_ptr<Job> job);               // for work already begun; not bounded
  [[nodiscard]] std::size_t queued() const;

 private:
  void run();
  void push(std::shared_ptr<Job> job, std::unique_lock<std::mutex>& lock);

  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::size_t waiting_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Keeps signals away from the calling thread and the threads it starts: SIGTERM and its kind belong to main, and a
// write to a closed TLS connection must not raise SIGPIPE (SSL_write has no MSG_NOSIGNAL).
void block_signals();

}  // namespace hf::net
