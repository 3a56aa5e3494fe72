;; Passes one borrowed resource to the host, or two in one call.
(component
  (import "example:borrows/host" (instance $host
    (export "thing" (type $thing (sub resource)))
    (export "make" (func (param "number" u32) (result (own $thing))))
    (export "take-one" (func (param "a" (borrow $thing))))
    (export "take-two" (func (param "a" (borrow $thing)) (param "b" (borrow $thing))))))
  (alias export $host "thing" (type $thing))
  (core func $make (canon lower (func $host "make")))
  (core func $take-one (canon lower (func $host "take-one")))
  (core func $take-two (canon lower (func $host "take-two")))
  (core module $guest
    (import "host" "make" (func $make (param i32) (result i32)))
    (import "host" "take-one" (func $take-one (param i32)))
    (import "host" "take-two" (func $take-two (param i32 i32)))
    (func (export "one")
      (call $take-one (call $make (i32.const 1))))
    (func (export "two")
      (call $take-two (call $make (i32.const 1)) (call $make (i32.const 2)))))
  (core instance $instance (instantiate $guest (with "host" (instance
    (export "make" (func $make))
    (export "take-one" (func $take-one))
    (export "take-two" (func $take-two))))))
  (func (export "one") (canon lift (core func $instance "one")))
  (func (export "two") (canon lift (core func $instance "two"))))
