#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>

/// How the disk misbehaves for files whose path begins with `folder`; nothing while that is empty.
struct FaultyDisk {
    char folder[512] = {};
    std::atomic<int64_t> room{-1};      ///< bytes until it is full; negative: no end
    std::atomic<int64_t> callsLeft{-1}; ///< until it is gone; negative: it stays
    std::atomic<int> milliseconds{0};   ///< that each call takes longer
    std::atomic<bool> readOnly{false};
    std::atomic<bool> watching{false}; ///< counts the calls of `watched`, which should make none
    pthread_t watched{};
    std::atomic<int> ofWatched{0}, ofOthers{0};
};
extern FaultyDisk ttFaultyDisk;
