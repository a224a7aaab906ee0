#pragma once

#include "ui/train/transcoders_model.h"

#include <QWidget>

class QPushButton;
class QSortFilterProxyModel;
class QTableView;

namespace tt {

/// The transcoders of the workspace compared in a table, and the choice of the one that the other places use.
class ComparePanel : public QWidget {
    Q_OBJECT
public:
    explicit ComparePanel(QWidget *parent = nullptr);

    /// The selected one and the order stay.
    void setTranscoders(const std::vector<TranscoderSummary> &transcoders);
    void setChosen(const QString &name);
    [[nodiscard]] TranscodersModel &model() { return model_; }
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void chosen(const QString &name);
    void backRequested();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void makeTable();
    void updateButton();
    void use();
    [[nodiscard]] QString selected() const;

    TranscodersModel model_;
    QSortFilterProxyModel *sorted_;
    QTableView *table_;
    QPushButton *use_, *back_;
};

} // namespace tt
