#pragma once

#include "ui/values.h"

#include <QDialog>

namespace tt {

/// Asks whether to save the training runs and close, or to stay. Show it with open(); accepted = save and close.
class ClosingDialog : public QDialog {
    Q_OBJECT
public:
    /// `runs`: those that train or pause, at least one.
    explicit ClosingDialog(const std::vector<RunRow> &runs, QWidget *parent = nullptr);

    static QString heading(const std::vector<RunRow> &runs); ///< "Two runs are training"
    static QString sentence(const std::vector<RunRow> &runs);
};

} // namespace tt
