#pragma once

#include <QWidget>

namespace tt {

/// Lies over content that belongs to another prompt and lets 55 % of it through; clicks and keys go on to the content.
class StaleVeil : public QWidget {
    Q_OBJECT
public:
    explicit StaleVeil(QWidget *content); ///< covers `content`, hidden at first

protected:
    void paintEvent(QPaintEvent *event) override;
    void showEvent(QShowEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace tt
