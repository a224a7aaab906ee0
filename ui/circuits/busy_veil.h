#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

class QLabel;
class QPushButton;

namespace tt {

/// Lies over old content while new is computed: nothing for 300 ms, then grey with what runs, for how long, and Stop.
class BusyVeil : public QWidget {
    Q_OBJECT
public:
    /// Covers `content`, its parent, and follows its size. `advice` is shown after a second; may be empty.
    BusyVeil(QWidget *content, const QString &advice);
    void start(const QString &what);
    void finish();
    [[nodiscard]] bool isBusy() const { return busy_; }

Q_SIGNALS:
    void stopRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void tick();
    bool busy_ = false;
    QElapsedTimer since_;
    QTimer timer_;
    QLabel *what_, *seconds_, *advice_;
    QPushButton *stop_;
    QWidget *box_;
};

} // namespace tt
