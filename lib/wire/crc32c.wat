;; CRC-32C of octets in this module's memory, folding with SIMD.
;;
;; A CRC is a remainder modulo a polynomial P over GF(2), so octets may be cancelled by adding (XOR)
;; any multiple of P shifted onto them. If P divides Q(x), it divides Q(x)^8 = Q(x^8) too, whose
;; exponents are whole octets. With the sparse multiple used here an octet at i moves to the octets
;; 154, 177, 183, 258 and 290 further on; read backwards:
;;
;;   out[i] = in[i] ^ out[i-154] ^ out[i-177] ^ out[i-183] ^ out[i-258] ^ out[i-290]
;;
;; No distance is below 16, so a step is a whole vector. What is left at the end, 304 octets and the
;; odd rest, goes through tables of sixteen octets a step. The five distances were found by search;
;; short ones stall, since a store is read back before it has left the core's store buffer.
;;
;; Memory, in octets:
;;       0  sixteen tables of 256 words, filled from outside; table k is at 1024 k
;;   16398  the last 290 outputs, then the outputs of a run
;;   25440  the 304 folded octets of the end
;;   28672  data, put here from outside
(module
  (memory (export "memory") 2 2)

  ;; The remainder after `length` octets at `at`, by tables; `crc` and the result are not inverted.
  (func $byTables (param $crc i32) (param $at i32) (param $length i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (block $short
      (loop $sixteen
        (br_if $short (i32.lt_u (local.get $length) (i32.const 16)))
        (local.set $a (i32.xor (local.get $crc) (i32.load align=1 (local.get $at))))
        (local.set $b (i32.load offset=4 align=1 (local.get $at)))
        (local.set $c (i32.load offset=8 align=1 (local.get $at)))
        (local.set $d (i32.load offset=12 align=1 (local.get $at)))
        ;; shifts and masks yield octet times four: a word's place in its table
        (local.set $crc
          (i32.xor
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=11264
                    (i32.shl (i32.and (local.get $b) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=10240
                    (i32.and (i32.shr_u (local.get $b) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=9216
                    (i32.and (i32.shr_u (local.get $b) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=8192
                    (i32.shl (i32.shr_u (local.get $b) (i32.const 24)) (i32.const 2)))))
              (i32.xor
                (i32.xor
                  (i32.load offset=7168
                    (i32.shl (i32.and (local.get $c) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=6144
                    (i32.and (i32.shr_u (local.get $c) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=5120
                    (i32.and (i32.shr_u (local.get $c) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=4096
                    (i32.shl (i32.shr_u (local.get $c) (i32.const 24)) (i32.const 2))))))
            (i32.xor
              (i32.xor
                (i32.xor
                  (i32.load offset=3072
                    (i32.shl (i32.and (local.get $d) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=2048
                    (i32.and (i32.shr_u (local.get $d) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=1024
                    (i32.and (i32.shr_u (local.get $d) (i32.const 14)) (i32.const 1020)))
                  (i32.load (i32.shl (i32.shr_u (local.get $d) (i32.const 24)) (i32.const 2)))))
              ;; last, since only these wait for the step before
              (i32.xor
                (i32.xor
                  (i32.load offset=15360
                    (i32.shl (i32.and (local.get $a) (i32.const 255)) (i32.const 2)))
                  (i32.load offset=14336
                    (i32.and (i32.shr_u (local.get $a) (i32.const 6)) (i32.const 1020))))
                (i32.xor
                  (i32.load offset=13312
                    (i32.and (i32.shr_u (local.get $a) (i32.const 14)) (i32.const 1020)))
                  (i32.load offset=12288
                    (i32.shl (i32.shr_u (local.get $a) (i32.const 24)) (i32.const 2))))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (local.set $length (i32.sub (local.get $length) (i32.const 16)))
        (br $sixteen)))
    (block $end
      (loop $one
        (br_if $end (i32.eqz (local.get $length)))
        (local.set $a (i32.xor (local.get $crc) (i32.load8_u (local.get $at))))
        (local.set $crc
          (i32.xor
            (i32.shr_u (local.get $crc) (i32.const 8))
            (i32.load (i32.shl (i32.and (local.get $a) (i32.const 255)) (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $one)))
    (local.get $crc))

  ;; The CRC-32C of `length` octets at `at`; `crc` is that of what came before, or 0.
  (func (export "crc32c") (param $crc i32) (param $at i32) (param $length i32) (result i32)
    (local $history i32) ;; where out[i-290] is
    (local $rest i32) ;; octets still to be folded in whole steps of 64
    (local $run i32) ;; of them, those that fit in the scratch memory
    (local $end i32)
    (local $i i32)
    (local.set $crc (i32.xor (local.get $crc) (i32.const -1)))
    (if (i32.lt_u (local.get $length) (i32.const 432))
      (then
        (return
          (i32.xor
            (call $byTables (local.get $crc) (local.get $at) (local.get $length))
            (i32.const -1)))))
    ;; no output came before the first, which takes up the CRC
    (memory.fill (i32.const 16398) (i32.const 0) (i32.const 290))
    (v128.store offset=16688 align=1 (i32.const 0)
      (v128.xor
        (v128.load align=1 (local.get $at))
        (i32x4.replace_lane 0 (v128.const i32x4 0 0 0 0) (local.get $crc))))
    (local.set $at (i32.add (local.get $at) (i32.const 16)))
    (local.set $length (i32.sub (local.get $length) (i32.const 16)))
    (local.set $history (i32.const 16414))
    (local.set $rest (i32.and (i32.sub (local.get $length) (i32.const 304)) (i32.const -64)))
    (local.set $length (i32.sub (local.get $length) (local.get $rest)))
    (loop $runs
      (local.set $run
        (select
          (i32.const 8128)
          (local.get $rest)
          (i32.gt_u (local.get $rest) (i32.const 8128))))
      (local.set $rest (i32.sub (local.get $rest) (local.get $run)))
      (local.set $end (i32.add (local.get $at) (local.get $run)))
      (loop $step
        (v128.store offset=290 align=1 (local.get $history)
          (v128.xor
            (v128.xor
              (v128.xor
                (v128.xor
                  (v128.xor
                    (v128.load align=1 (local.get $at))
                    (v128.load offset=136 align=1 (local.get $history)))
                  (v128.load offset=113 align=1 (local.get $history)))
                (v128.load offset=107 align=1 (local.get $history)))
              (v128.load offset=32 align=1 (local.get $history)))
            (v128.load align=1 (local.get $history))))
        (v128.store offset=306 align=1 (local.get $history)
          (v128.xor
            (v128.xor
              (v128.xor
                (v128.xor
                  (v128.xor
                    (v128.load offset=16 align=1 (local.get $at))
                    (v128.load offset=152 align=1 (local.get $history)))
                  (v128.load offset=129 align=1 (local.get $history)))
                (v128.load offset=123 align=1 (local.get $history)))
              (v128.load offset=48 align=1 (local.get $history)))
            (v128.load offset=16 align=1 (local.get $history))))
        (v128.store offset=322 align=1 (local.get $history)
          (v128.xor
            (v128.xor
              (v128.xor
                (v128.xor
                  (v128.xor
                    (v128.load offset=32 align=1 (local.get $at))
                    (v128.load offset=168 align=1 (local.get $history)))
                  (v128.load offset=145 align=1 (local.get $history)))
                (v128.load offset=139 align=1 (local.get $history)))
              (v128.load offset=64 align=1 (local.get $history)))
            (v128.load offset=32 align=1 (local.get $history))))
        (v128.store offset=338 align=1 (local.get $history)
          (v128.xor
            (v128.xor
              (v128.xor
                (v128.xor
                  (v128.xor
                    (v128.load offset=48 align=1 (local.get $at))
                    (v128.load offset=184 align=1 (local.get $history)))
                  (v128.load offset=161 align=1 (local.get $history)))
                (v128.load offset=155 align=1 (local.get $history)))
              (v128.load offset=80 align=1 (local.get $history)))
            (v128.load offset=48 align=1 (local.get $history))))
        (local.set $history (i32.add (local.get $history) (i32.const 64)))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br_if $step (i32.lt_u (local.get $at) (local.get $end))))
      (if (local.get $rest)
        (then
          (memory.copy (i32.const 16398) (local.get $history) (i32.const 290))
          (local.set $history (i32.const 16398))
          (br $runs))))
    ;; the last 304 octets take up what the outputs still owe them, and owe nothing themselves
    (memory.fill (i32.add (local.get $history) (i32.const 290)) (i32.const 0) (i32.const 304))
    (loop $last
      (v128.store offset=25440 (local.get $i)
        (v128.xor
          (v128.xor
            (v128.xor
              (v128.xor
                (v128.xor
                  (v128.load align=1 (local.get $at))
                  (v128.load offset=136 align=1 (local.get $history)))
                (v128.load offset=113 align=1 (local.get $history)))
              (v128.load offset=107 align=1 (local.get $history)))
            (v128.load offset=32 align=1 (local.get $history)))
          (v128.load align=1 (local.get $history))))
      (local.set $history (i32.add (local.get $history) (i32.const 16)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $last (i32.lt_u (local.get $i) (i32.const 304))))
    (i32.xor
      (call $byTables
        (call $byTables (i32.const 0) (i32.const 25440) (i32.const 304))
        (local.get $at)
        (i32.sub (local.get $length) (i32.const 304)))
      (i32.const -1))))
