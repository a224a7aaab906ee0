#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <vector>

/// How long the window's event loop leaves its next frame waiting. A timer asks for a turn every 16 ms; what lies
/// between two of its turns beyond that is a gap. With each gap goes how much of it the window's thread computed itself
/// (the rest it waited for a core) and the longest event in it.
class FrameWatch : public QObject {
public:
    struct Gap {
        double milliseconds = 0, computed = 0; ///< of the thread's own
        QString event;                         ///< "MouseButtonPress to tt::GraphView, 84 ms"
        QString doing;                         ///< what the user did last
        qint64 at = 0;                         ///< milliseconds since the start
    };

    explicit FrameWatch(QObject *parent = nullptr);
    void begin();
    /// The user's next action.
    void setDoing(const QString &what) { doing_ = what; }
    /// An event that the application handed out and that took so long.
    void take(const char *receiver, int type, double milliseconds);
    /// The longest, longest first; and how many frames there were and how many of them waited longer than `limit`.
    [[nodiscard]] const std::vector<Gap> &longest() const { return longest_; }
    [[nodiscard]] qint64 frames() const { return frames_; }
    [[nodiscard]] qint64 over(double milliseconds) const;
    /// Share of the frames that came within so many milliseconds is `share`.
    [[nodiscard]] double quantile(double share) const;

private:
    void tick();
    static double cpuMilliseconds();
    QTimer timer_;
    QElapsedTimer since_;
    double last_ = 0, lastCpu_ = 0;
    double slowest_ = 0;
    QString slowestEvent_, doing_;
    std::vector<Gap> longest_;
    std::vector<qint64> counts_; ///< of gaps by whole milliseconds
    qint64 frames_ = 0;
};
