#pragma once

#include "core/circuits/intervention.h"

#include <QElapsedTimer>
#include <QUndoCommand>

#include <functional>
#include <string>
#include <vector>

namespace tt {

/// A step of the list of interventions that can be undone. Quick edits of one cell, as a dragged slider makes them, are
/// one step.
class RowsCommand : public QUndoCommand {
public:
    struct State {
        std::vector<Intervention> rows;
        std::string prompt; ///< that the rows' positions count in
    };
    /// `key` names the cell that is edited; −1 joins with nothing.
    RowsCommand(const QString &what, State before, State after, int key, std::function<void(const State &)> apply)
        : QUndoCommand(what), before_(std::move(before)), after_(std::move(after)), key_(key),
          apply_(std::move(apply)) {
        since_.start();
    }
    void undo() override { apply_(before_); }
    void redo() override { apply_(after_); }
    [[nodiscard]] int id() const override { return key_ < 0 ? -1 : key_; }
    bool mergeWith(const QUndoCommand *next) override {
        const auto *other = static_cast<const RowsCommand *>(next);
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
