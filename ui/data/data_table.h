#pragma once

#include <QTableView>

namespace tt {

/// A table as the Data place shows it: whole rows of 32, no grid, the first column takes the room that is left.
class DataTable : public QTableView {
    Q_OBJECT
public:
    DataTable(const QString &name, QAbstractItemModel *model, QWidget *parent = nullptr);

protected:
    void changeEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void fit();
    [[nodiscard]] int contentWidth(int column) const;
};

} // namespace tt
