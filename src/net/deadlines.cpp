#include "net/deadlines.h"

namespace hf::net {

Deadlines::Instant Deadlines::set(Timed& timed, Timeout kind, Instant now) {
  clear(timed);
  timed.kind_ = kind;
  timed.at_ = now + durations_[std::size_t(kind)];
  timed.set_ = true;
  auto& list = lists_[std::size_t(kind)];
  timed.before_ = list.tail;
  (list.tail != nullptr ? list.tail->after_ : list.head) = &timed;
  list.tail = &timed;
  return timed.at_;
}

void Deadlines::clear(Timed& timed) {
  if (!timed.set_) return;
  auto& list = lists_[std::size_t(timed.kind_)];
  (timed.before_ != nullptr ? timed.before_->after_ : list.head) = timed.after_;
  (timed.after_ != nullptr ? timed.after_->before_ : list.tail) = timed.before_;
  timed.before_ = timed.after_ = nullptr;
  timed.set_ = false;
}

std::optional<Deadlines::Instant> Deadlines::next() const {
  std::optional<Instant> earliest;
  for (const auto& list : lists_)
    if (list.head != nullptr && (!earliest || list.head->at_ < *earliest)) earliest = list.head->at_;
  return earliest;
}

void Deadlines::expire(Instant now) {
  for (auto& list : lists_) {
    while (list.head != nullptr && list.head->at_ <= now) {
      auto& timed = *list.head;
      clear(timed);
      timed.on_deadline(timed.kind_);
    }
  }
}

}  // namespace hf::net
