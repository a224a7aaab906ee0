#pragma once

#include <QTableView>

namespace tt {

class InterventionsModel;
class RowDelegate;

/// The table of interventions. Up to 8 rows have their editors open, beyond that the selected one. Space turns a row on
/// and off, Del removes it, the slider's keys act from everywhere in the row.
class InterventionsTable : public QTableView {
    Q_OBJECT
public:
    explicit InterventionsTable(InterventionsModel &model, QWidget *parent = nullptr);
    void select(int row); ///< −1: none
    [[nodiscard]] int selectedRow() const;
    /// Height of header and at most `rows` rows.
    [[nodiscard]] int heightOf(int rows) const;

Q_SIGNALS:
    void rowSelected(int row); ///< −1: none
    void removeRequested(int row);

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void openEditors();
    void nameEditors();
    void placeColumns();
    void followFocus(QWidget *now);
    InterventionsModel &model_;
    RowDelegate *delegate_;
};

} // namespace tt
