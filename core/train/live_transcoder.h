#pragma once

#include "core/nn/transcoder.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace tt {

/// A look into a transcoder's training: hands copies of the weights over at the end of a step while the run goes on. A
/// step costs it one read of a flag, a copy the time to fold the weights into raw units. Shared by the run and by
/// whoever asks; every method may be called on any thread.
class LiveTranscoder {
public:
    using Take = std::function<void(int64_t step, std::shared_ptr<const TranscoderWeights<float>> weights)>;

    /// Asks for the weights after the step that is being learnt. `take` is called once, on the run's thread, unless the
    /// run ends or is asked again before.
    void ask(Take take) {
        const std::lock_guard lock(mutex_);
        take_ = std::move(take);
        asked_ = true;
    }
    /// The run's side, after each step: `copy` is only called where somebody asked.
    void offer(int64_t stepsDone, const std::function<TranscoderWeights<float>()> &copy) {
        if (!asked_)
            return;
        Take take;
        {
            const std::lock_guard lock(mutex_);
            take = std::exchange(take_, {});
            asked_ = false;
        }
        take(stepsDone, std::make_shared<const TranscoderWeights<float>>(copy()));
    }

private:
    std::mutex mutex_;
    std::atomic<bool> asked_ = false;
    Take take_;
};

} // namespace tt
