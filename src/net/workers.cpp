#include "net/workers.h"

#include <csignal>

namespace hf::net {

void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD})
    sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Workers::Workers(unsigned threads, std::size_t queue_max) : queue_max_(queue_max) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() { stop(); }

void Workers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool Workers::try_push(std::shared_ptr<Job> job) {
  std::unique_lock lock(mutex_);
  if (queue_.size() >= queue_max_) return false;
  push(std::move(job), lock);
  return true;
}

void Workers::push_more(std::shared_ptr<Job> job) {
  std::unique_lock lock(mutex_);
  push(std::move(job), lock);
}

std::size_t Workers::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Workers::push(std::shared_ptr<Job> job, std::unique_lock<std::mutex>& lock) {
  queue_.push_back(std::move(job));
  const bool wake = waiting_ > 0;  // a busy worker looks at the queue by itself: no system call
  lock.unlock();
  if (wake) ready_.notify_one();
}

void Workers::run() {
  block_signals();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!queue_.empty()) {
      auto job = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      job->work();
      job.reset();
      lock.lock();
    } else if (stopping_) {
      return;
    } else {
      ++waiting_;
      ready_.wait(lock);
      --waiting_;
    }
  }
}

}  // namespace hf::net
