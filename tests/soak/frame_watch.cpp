#include "soak/frame_watch.h"

#include <QEvent>
#include <QMetaEnum>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace {
constexpr int frameMilliseconds = 16;
constexpr size_t kept = 12, histogram = 10'000;
} // namespace

FrameWatch::FrameWatch(QObject *parent) : QObject(parent), counts_(histogram) {
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.setInterval(frameMilliseconds);
    connect(&timer_, &QTimer::timeout, this, [this] { tick(); });
}

double FrameWatch::cpuMilliseconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void FrameWatch::begin() {
    since_.start();
    last_ = 0;
    lastCpu_ = cpuMilliseconds();
    timer_.start();
}

void FrameWatch::take(const char *receiver, int type, double milliseconds) {
    if (milliseconds <= slowest_)
        return;
    slowest_ = milliseconds;
    const char *name = QMetaEnum::fromType<QEvent::Type>().valueToKey(type);
    slowestEvent_ = QStringLiteral("%1 to %2, %3 ms")
                        .arg(name ? QString::fromLatin1(name) : QString::number(type), QString::fromLatin1(receiver))
                        .arg(std::lround(milliseconds));
}

void FrameWatch::tick() {
    const double now = static_cast<double>(since_.nsecsElapsed()) / 1e6, cpu = cpuMilliseconds();
    const double gap = now - last_;
    ++frames_;
    ++counts_[std::min(histogram - 1, static_cast<size_t>(gap))];
    if (longest_.size() < kept || gap > longest_.back().milliseconds) {
        longest_.push_back({gap, cpu - lastCpu_, slowestEvent_, doing_, static_cast<qint64>(last_)});
        std::sort(longest_.begin(), longest_.end(),
                  [](const Gap &a, const Gap &b) { return a.milliseconds > b.milliseconds; });
        longest_.resize(std::min(longest_.size(), kept));
    }
    last_ = now;
    lastCpu_ = cpu;
    slowest_ = 0;
    slowestEvent_.clear();
}

qint64 FrameWatch::over(double milliseconds) const {
    qint64 count = 0;
    for (size_t i = static_cast<size_t>(milliseconds); i < histogram; ++i)
        count += counts_[i];
    return count;
}

double FrameWatch::quantile(double share) const {
    qint64 left = static_cast<qint64>(share * static_cast<double>(frames_));
    for (size_t i = 0; i < histogram; ++i)
        if ((left -= counts_[i]) < 0)
            return static_cast<double>(i + 1);
    return histogram;
}
