#pragma once

#include <QElapsedTimer>
#include <QUndoCommand>

#include <functional>
#include <utility>

namespace tt {

/// A step between two states of something, which can be undone. Quick edits of one thing, as a dragged slider or typing
/// makes them, are one step.
template <class State>
class StateCommand : public QUndoCommand {
public:
    /// `key` names the thing that is edited; −1 joins with nothing.
    StateCommand(const QString &what, State before, State after, int key, std::function<void(const State &)> apply)
        : QUndoCommand(what), before_(std::move(before)), after_(std::move(after)), key_(key),
          apply_(std::move(apply)) {
        since_.start();
    }
    void undo() override { apply_(before_); }
    void redo() override { apply_(after_); }
    [[nodiscard]] int id() const override { return key_ < 0 ? -1 : key_; }
    bool mergeWith(const QUndoCommand *next) override {
        const auto *other = static_cast<const StateCommand *>(next);
        if (since_.elapsed() > longestPause)
            return false;
        since_.restart();
        after_ = other->after_;
        return true;
    }

private:
    static constexpr qint64 longestPause = 1000; // milliseconds
    State before_, after_;
    int key_;
    std::function<void(const State &)> apply_;
    QElapsedTimer since_;
};

} // namespace tt
